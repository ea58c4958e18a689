/** Every suite on the reference engine. */
import { testEverySuite } from "./support/every-suite.ts";

testEverySuite("reference");
