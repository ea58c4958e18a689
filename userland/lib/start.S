// Where every program begins: a0 = number of arguments, a1 = array of them, sp = top of the stack.

    .section .text.start, "ax"
    .globl _start
_start:
    call    main
    call    exit                    // with main's result
