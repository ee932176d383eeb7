import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const endRecord = 0x06054b50;
const directoryEntry = 0x02014b50;
const endBytes = 22;
const longestComment = 0xffff;
const largest = 1 << 20;

/**
 * The contents of a small file in a ZIP archive; `undefined` where the archive has no such file. Throws where the file is no archive
 * or the entry is larger than 1 MiB.
 */
export function readZipEntry(path: string, name: string): Buffer | undefined {
  const file = openSync(path, 'r');
  try {
    const directory = readDirectory(file);
    for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === directoryEntry; at = next(directory, at)) {
      const nameBytes = directory.readUInt16LE(at + 28);
      if (directory.toString('utf8', at + 46, at + 46 + nameBytes) === name) return contents(file, directory, at);
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

function next(directory: Buffer, at: number): number {
  return at + 46 + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
}

// The archive's list of files stands at its end, behind it only a record that says where it begins.
function readDirectory(file: number): Buffer {
  const { size } = fstatSync(file);
  const tail = readAt(file, Math.max(0, size - endBytes - longestComment), Math.min(size, endBytes + longestComment));
  for (let at = tail.length - endBytes; at >= 0; at--)
    if (tail.readUInt32LE(at) === endRecord) return readAt(file, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  throw new Error('it is no ZIP archive');
}

function contents(file: number, directory: Buffer, at: number): Buffer {
  const method = directory.readUInt16LE(at + 10);
  const [packed, plain, header] = [20, 24, 42].map((offset) => directory.readUInt32LE(at + offset)) as [number, number, number];
  if (Math.max(packed, plain) > largest) throw new Error('the entry is too large');
  // The lengths before the data may differ from those in the directory.
  const local = readAt(file, header, 30);
  const data = readAt(file, header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28), packed);
  return method === 0 ? data : inflateRawSync(data, { maxOutputLength: largest });
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  if (readSync(file, buffer, 0, length, position) !== length) throw new Error('it ends too early');
  return buffer;
}
