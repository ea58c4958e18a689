/** Every suite on translated code. */
import { testEverySuite } from "./support/every-suite.ts";

testEverySuite("translator");
