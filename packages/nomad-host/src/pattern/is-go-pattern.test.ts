import assert from "node:assert/strict";
import { test } from "node:test";
import { isGoPattern } from "./is-go-pattern.ts";

// What Go 1.26 says of each.

const taken = [
  "", "a|b", "|", "a||b", "()", "(|a)", "()*", "a*", "a*?", "^*", "$+", "\\b?", "\\A*", "a{2}", "a{2,}", "a{2,3}", "a{,3}",
  "a{01}", "a{1000}", "a{0}", "a{a}", "{", "}", "a{2}?", "((a{10}){10}){10}", "(a{2,}){500}", "(?:a)", "(?i)a", "(?i-s:a)",
  "(?-i)a", "(?)", "a(?i)*", "(?ii)", "(?P<n>a)", "(?<n>a)", "(?<n>a)(?P<n>b)", "(?<1>a)", "[a]", "[]]", "[^]]", "[^a]", "[a-z]",
  "[a-]", "[-a]", "[a-b-c]", "[--a]", "[[]", "[a&&b]", "[[:alpha:]]", "[[:^digit:]]", "[:alpha:]", "[[:alpha]", "[[.a.]]",
  "[\\d]", "[\\d-z]", "[\\]]", "[\\-a]", "[\\x41-\\x{5a}]", "[\\pL]", "[\\p{Greek}]", "[é-ü]", "\\d\\D\\w\\W\\s\\S",
  "\\b\\B\\A\\z", "\\12", "\\0", "\\08", "\\077", "\\400", "\\x41", "\\x{41}", "\\x{10ffff}", "\\a\\f\\n\\r\\t\\v", "\\.", "\\-",
  "\\_", "\\/", "\\ ", "\\pL", "\\PL", "\\p{L}", "\\P{^L}", "\\p{Lu}", "\\p{Greek}", "\\p{greek}", "\\p{Any}", "\\Qa*b\\E*",
  "\\Q*", "\\Qa\\E\\Qb\\E", "日本*", "(?s).", "(?m)^a$", "(?U)a*",
];

const refused = [
  "(", "(a", ")", "a)", "*", "a**", "a*??", "a+*", "a?+", "(*)", "|*", "a{3,2}", "a{1001}", "{2}", "a{2}{3}", "a{2}??",
  "(a{30}){40}", "((a{10}){10}){11}", "(a{2,}){501}", "(?-)", "(?i-)", "(?)*", "(?x)a", "(?i:a", "(?<>a)", "(?<n-m>a)", "(?=a)",
  "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", "(?#a)", "[", "[]", "[^]", "[z-a]", "[a--]", "[[:nope:]]", "[a-\\d]", "[\\b]", "[\\Qa]",
  "[\\", "\\Z", "\\G", "\\h", "\\1", "\\18", "\\8", "\\x4", "\\x{}", "\\x{110000}", "\\u0041", "\\cA", "\\e", "\\y", "\\é",
  "\\C", "\\", "\\k<n>", "\\pé", "\\p", "\\p{Nope}", "\\p{}", "\\p{L", "\\p{Alphabetic}", "\\p{Script=Greek}", "\\Q\\E*", "a\\E",
];

for (const pattern of taken) test(`takes ${JSON.stringify(pattern)}`, () => assert.equal(isGoPattern(pattern), true));
for (const pattern of refused) test(`refuses ${JSON.stringify(pattern)}`, () => assert.equal(isGoPattern(pattern), false));
