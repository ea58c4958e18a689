/** Every suite on the interpreter engine. */
import { testEverySuite } from "./support/every-suite.ts";

testEverySuite("interpreter");
