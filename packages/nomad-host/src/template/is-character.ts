/** Whether a number is that of a character. Half of a surrogate pair is none. */
export function isCharacter(codePoint: number): boolean {
  return codePoint >= 0 && codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
}
