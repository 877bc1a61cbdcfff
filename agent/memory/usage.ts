/** The machine's memory while a command ran, for its block in the log. */
import type { LogRow } from "../log-lines.ts";
import type { Memory } from "./machine.ts";

/** Two digits and the largest unit that fits: `512.00 MiB`. */
export function memoryText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const exponent = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** exponent).toFixed(2)} ${units[exponent]}`;
}

export class MemoryUsage {
  #samples = 0;
  #available = 0;
  #used = 0;
  #peak = 0;
  #total = 0;
  #ownPeak = 0;

  add({ totalBytes, availableBytes }: Memory): void {
    const used = totalBytes - availableBytes;
    this.#samples += 1;
    this.#available += availableBytes;
    this.#used += used;
    this.#peak = Math.max(this.#peak, used);
    this.#total = totalBytes;
  }

  /** What the processes of the task user had. */
  addOwn(bytes: number): void {
    this.#ownPeak = Math.max(this.#ownPeak, bytes);
  }

  /** generic-worker's rows, and one of our own; none without a sample. */
  get rows(): readonly LogRow[] {
    if (this.#samples === 0) return [];
    const own: LogRow[] = this.#ownPeak === 0 ? [] : [["Peak Memory of Task User", memoryText(this.#ownPeak)]];
    return [
      ["Average Available System Memory", memoryText(this.#available / this.#samples)],
      ["Average System Memory Used", memoryText(this.#used / this.#samples)],
      ["Peak System Memory Used", memoryText(this.#peak)],
      ["Total System Memory", memoryText(this.#total)],
      ...own,
    ];
  }
}
