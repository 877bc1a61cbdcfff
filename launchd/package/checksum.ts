/** The checksum of cksum(1), as POSIX describes it, which lsbom(8) shows of each file. It is not that of zlib and gzip. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});

const step = (crc: number, byte: number): number => (crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] ?? 0);

export function checksum(content: Buffer): number {
  let crc = 0;
  for (const byte of content) crc = step(crc, byte);
  // The length follows the content, the lowest byte first, as many bytes as it needs.
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) crc = step(crc, rest & 0xff);
  return ~crc >>> 0;
}
