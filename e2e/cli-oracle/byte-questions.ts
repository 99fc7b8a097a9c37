/** Templates about bytes that are no UTF-8, for template-questions.ts; the answers are JSON, so they are told in digits. */
const texts = [
  ...["\\377", "a\\xffb", "\\xc3\\xa9", "\\xc3", "\\xed\\xa0\\x80"],
  ...["\\xf4\\x90\\x80\\x80", "é\\xffé", "\\xf0\\x9f\\x98\\x80\\x80"],
];

const plain = (text: string) => [
  `{{ len "${text}" }} {{ index "${text}" 0 }} {{ eq "${text}" "\\xff" }} {{ lt "${text}" "\\xfe" }}`,
  `{{ "${text}" | base64Encode }} {{ "${text}" | base64URLEncode }} {{ "${text}" | urlquery }}`,
  `{{ "${text}" | sha256Hex }} {{ "${text}" | md5sum }} {{ hmacSHA256Hex "${text}" "${text}" }}`,
  `{{ regexMatch "^.$" "${text}" }} {{ contains "a" "${text}" }} {{ env "${text}" }}`,
  `{{ range $k, $v := splitToMap "," ":" "${text}:1,a:2" }}{{ printf "%x" $k }};{{ end }}`,
];

const inDigits = (text: string) =>
  [
    `"${text}"`,
    `printf "%q|%+q|%#q|%v|%#v" "${text}" "${text}" "${text}" 1 "${text}"`,
    `printf "%5s|%-5s|%.1s|%.2q" "${text}" "${text}" "${text}" "${text}"`,
    ...["toUpper", "toLower", "toTitle", "toJSON", "toUnescapedJSON", "html", "js", "trimSpace", "indent 2"].map(
      (call) => `"${text} ${text}" | ${call}`,
    ),
    `slice "${text}" 0 1`,
    `"${text}x" | trimSuffix "x"`,
    `"x${text}" | trim "x"`,
    `"${text}" | trim "\\xff"`,
    `"\\ufffd${text}" | trim "\\xfe"`,
    `split "" "${text}"`,
    `"${text}" | replaceAll "\\xff" "y"`,
    `regexReplaceAll "." "y" "${text}"`,
    `regexReplaceAll "[^a-z]" "y" "${text}"`,
    `parseJSON "\\"${text}\\""`,
    `join "${text}" (split "," "a,b")`,
  ].map((call) => `{{ ${call} | printf "%x" }}`);

const packed = Buffer.from([0, 1, 0xff, 0xc3, 0x28, 0x80, 0x41]).toString("base64");

export const byteQuestions: readonly string[] = [
  ...texts.flatMap((text) => [...plain(text), ...inDigits(text)]),
  ...["len", "base64Encode", "sha256Hex", 'printf "%x"', 'printf "%q"'].map((call) => `{{ base64Decode "${packed}" | ${call} }}`),
  `{{ "a \\u00e9!*'();:@&=+$,/?#[]~-_.%" | urlquery }}`,
  '{{ printf "%s%s" "\\xc3" "\\xa9" | len }}{{ printf "%s%s" "\\xc3" "\\xa9" | printf "%x" }}',
];
