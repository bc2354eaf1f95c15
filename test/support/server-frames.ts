/** The text messages in what a server sent: frames that are final and not masked. */
export function messagesIn(bytes: Buffer): readonly string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (bytes[at] !== 0x81) throw new Error(`no text frame begins at byte ${at}`);
    const short = bytes[at + 1] ?? 0;
    const [header, length] =
      short < 126
        ? [2, short]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [10, Number(bytes.readBigUInt64BE(at + 2))];
    messages.push(bytes.toString('utf8', at + header, at + header + length));
    at += header + length;
  }
  return messages;
}
