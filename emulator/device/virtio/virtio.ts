/** What a virtio device type and the transport that carries it know of each other (virtio 1.2, chapter 2). */
import type { Virtqueue } from "./queue.ts";

/** Feature bits that belong to the rings and the transport, not to a device type (virtio 1.2 section 6). */
export const RING_INDIRECT_DESC = 1n << 28n;
export const RING_EVENT_IDX = 1n << 29n;
export const VERSION_1 = 1n << 32n;

/** One device type: block, network, entropy, console. It sees queues, never registers or interrupt lines. */
export interface VirtioDevice {
  readonly name: string;
  /** Device ID of virtio 1.2 section 5. */
  readonly id: number;
  /** The device type's own feature bits; the transport adds those of the rings. */
  readonly features: bigint;
  /** The largest size of each queue in entries, a power of two; its index is the queue's number. */
  readonly queueSizes: readonly number[];
  /**
   * The most bytes an honest driver has in flight in one queue. A driver that asks for more at once breaks the
   * device, which bounds the host's work per notification.
   */
  readonly bytesInFlight: number;
  /** Device configuration space, little-endian; all of it is read-only to the driver. */
  readonly config: Uint8Array;
  /** Called once, before anything else, by the transport the device is put behind. */
  attach(transport: VirtioTransport): void;
  /** Takes what it can from queue `index` and completes it. May throw DriverError. */
  serve(queue: Virtqueue, index: number): void;
  /** The driver reset the device: forget what was under way. */
  reset(): void;
}

/** What a device type may ask of its transport when something happens outside the guest. */
export interface VirtioTransport {
  /** Has queue `index` served now, if the driver has brought it up. */
  serve(index: number): void;
  /** Tells the driver that the configuration space changed. */
  configChanged(): void;
}

/** The driver broke the protocol. The transport answers with DEVICE_NEEDS_RESET (virtio 1.2 section 2.1.2). */
export class DriverError extends Error {}
