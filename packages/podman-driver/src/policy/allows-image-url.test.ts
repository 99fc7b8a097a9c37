import assert from "node:assert/strict";
import { test } from "node:test";
import { allowsImageUrl } from "./privilege-rules.ts";

test("a glob of addresses means no other host than it shows", () => {
  const rows = [
    ["https://*.example.com/*", "https://a.example.com/x/y.tar", true],
    ["https://*.example.com/*", "https://evil.test/.example.com/x.tar", false],
    ["https://*.example.com/*", "https://evil.test/#.example.com/x.tar", false],
    ["https://*.example.com/*", "http://a.example.com/x.tar", false],
    ["https://a.example.com/team/*", "https://a.example.com/team/x/y.tar", true],
    ["https://a.example.com/team/*", "https://a.example.com/other/x.tar", false],
    ["https://a.example.com", "https://a.example.com/", true],
    ["https://a.example.com", "https://a.example.com.evil.test/", false],
    ["*://a.example.com/*", "http://a.example.com/x", true],
    ["*", "https://anything.test/x", true],
    ["*.tar", "https://anything.test/x.tar", true],
  ] as const;
  for (const [glob, url, isAllowed] of rows) assert.equal(allowsImageUrl(url, [glob]), isAllowed, `${glob} ${url}`);
  assert.deepEqual([allowsImageUrl("https://x/", undefined), allowsImageUrl("https://x/", [])], [true, false]);
});
