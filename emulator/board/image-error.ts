/** An image the machine cannot be started with. The message names the image, what is wrong with it, and what to do. */
export class ImageError extends Error {
  /** `image` is what the user knows it by: a role such as "kernel", or a file name. */
  constructor(image: string, problem: string, remedy: string) {
    super(`${image}: ${problem}; ${remedy}`);
    this.name = "ImageError";
  }
}

/** An address as messages show it. */
export function hex(address: number | bigint): string {
  return `0x${address.toString(16)}`;
}
