/** One line of text asked from the user. */
import { type Line, look, span } from "./line.ts";

export class Prompt {
  readonly #question: string;
  /** Answers what is wrong with the text, or undefined when all is well. */
  readonly #accept: (text: string) => string | undefined;
  #text = "";
  #complaint = "";

  constructor(question: string, accept: (text: string) => string | undefined) {
    this.#question = question;
    this.#accept = accept;
  }

  /** Takes a typed character; false when the prompt is done with. */
  type(character: string): boolean {
    if (character === "\r" || character === "\n") {
      this.#complaint = (this.#text === "" ? undefined : this.#accept(this.#text.trim())) ?? "";
      return this.#complaint !== "";
    }
    this.#complaint = "";
    if (character === "\x7f" || character === "\b") this.#text = this.#text.slice(0, -1);
    else if (character === "\x15") this.#text = "";
    else if (character === "\x03" || character === "\x1b") return false;
    else if (character >= " ") this.#text += character;
    return true;
  }

  get line(): Line {
    return [
      span(` ${this.#question}: `, look.bar),
      span(this.#text),
      span("█"),
      span(
        this.#complaint === "" ? "  Enter, or Esc to leave it" : `  ${this.#complaint}`,
        this.#complaintLook,
      ),
    ];
  }

  get #complaintLook() {
    return this.#complaint === "" ? look.dim : look.bad;
  }
}
