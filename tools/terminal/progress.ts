/** Tells the user what is going on when it takes more than a moment. */

const silentMilliseconds = 1000;
const refreshMilliseconds = 200;

/** One piece of work that may take long. Shown on stderr, and only once a second has passed. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #started = performance.now();
  #doing: string;
  #shown = "";

  private constructor(doing: string, stream: NodeJS.WriteStream) {
    this.#doing = doing;
    this.#stream = stream;
  }

  /** Runs `work`, showing what it is doing if it takes more than a second: in one line that is rewritten on a terminal, in a line for each step elsewhere. */
  static async show<Result>(
    doing: string,
    work: (progress: Progress) => Promise<Result>,
    stream: NodeJS.WriteStream = process.stderr,
  ): Promise<Result> {
    const progress = new Progress(doing, stream);
    const ticker = setInterval(() => progress.#tick(), refreshMilliseconds);
    try {
      return await work(progress);
    } finally {
      clearInterval(ticker);
      if (progress.#shown !== "" && stream.isTTY) stream.write("\r\x1b[K");
    }
  }

  /** Names the step that has begun. */
  say(doing: string): void {
    this.#doing = doing;
  }

  #tick(): void {
    const elapsed = performance.now() - this.#started;
    if (elapsed < silentMilliseconds) return;
    const line = this.#stream.isTTY
      ? `\r\x1b[K${this.#doing} … ${Math.floor(elapsed / 1000)} s`
      : `${this.#doing} …\n`;
    if (line === this.#shown) return;
    this.#shown = line;
    this.#stream.write(line);
  }
}
