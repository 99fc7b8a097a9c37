/**
 * Text of others, such as a registry's answer or a job's names, as it may go to a terminal: control characters are shown
 * as `\x1b`, and only line ends and tabs work.
 */
export function toPrintable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
