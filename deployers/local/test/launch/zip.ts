import { crc32, deflateRawSync } from 'node:zlib';

/** A ZIP archive. Entries whose names end in `!` are stored as they are. */
export function zip(entries: Readonly<Record<string, string | Buffer>>, comment = ''): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, contents] of Object.entries(entries)) {
    const plain = Buffer.from(contents as Buffer);
    const method = name.endsWith('!') ? 0 : 8;
    const packed = method === 0 ? plain : deflateRawSync(plain);
    const facts = Buffer.alloc(22);
    facts.writeUInt16LE(method, 4);
    facts.writeUInt32LE(crc32(plain), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(plain.length, 18);
    const local = Buffer.alloc(8);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(Buffer.byteLength(name), 0);
    const file = Buffer.concat([
      local.subarray(0, 4),
      Buffer.from([20, 0]),
      facts.subarray(2, 22),
      lengths,
      Buffer.from(name),
      packed,
    ]);
    files.push(file);
    directory.push(entry(name, facts, offset));
    offset += file.length;
  }
  const list = Buffer.concat(directory);
  return Buffer.concat([...files, list, end(directory.length, list.length, offset, comment)]);
}

function entry(name: string, facts: Buffer, offset: number): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(20, 6);
  facts.copy(head, 8, 2, 22);
  head.writeUInt16LE(Buffer.byteLength(name), 28);
  head.writeUInt32LE(offset, 42);
  return Buffer.concat([head, Buffer.from(name)]);
}

function end(count: number, size: number, offset: number, comment: string): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([record, Buffer.from(comment)]);
}
