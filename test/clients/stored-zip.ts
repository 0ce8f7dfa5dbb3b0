import { crc32 } from 'node:zlib';

/** A zip archive of these files, uncompressed. */
export function storedZip(files: { readonly [path: string]: string }): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const [name, content] = [Buffer.from(path), Buffer.from(text)];
    const shared = sharedHeader(name, content);
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), shared, name, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), shared, tail, name);
    local.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  for (const at of [8, 10]) end.writeUInt16LE(Object.keys(files).length, at);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** Version, flags, method, time, check sum, both sizes, length of the name, no extra field: the same in both headers. */
function sharedHeader(name: Buffer, content: Buffer): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  // The first day that the format knows: Java and Go refuse a month of zero.
  header.writeUInt16LE(0x21, 8);
  header.writeUInt32LE(crc32(content), 10);
  for (const at of [14, 18]) header.writeUInt32LE(content.length, at);
  header.writeUInt16LE(name.length, 22);
  return header;
}
