/** Whether a text holds characters that a terminal would obey and not show; no name has a use for one. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
