import { byteQuestions } from "./byte-questions.ts";
import { cornerQuestions } from "./corner-questions.ts";
import { valueQuestions } from "./value-questions.ts";
import { variableQuestions } from "./variable-questions.ts";

/** A template that is compared with the library that Nomad uses. */
export interface TemplateQuestion {
  readonly text: string;
  readonly left: string;
  readonly right: string;
  readonly refusesMissingKeys: boolean;
}

const web = { name: "web", node: "n1", datacenter: "dc1", jobId: "shop" };

/** What all templates find. */
export const around = {
  env: { NAME: "Ada", EMPTY: "", LIST: "a,b,c", JSON: '{"b":[1,2.5,"x"],"a":{"t":true,"n":null},"big":1e21,"many":1234567}' },
  variables: {
    "nomad/jobs/shop": { password: "s3cret", user: "me<>", "with-dash": "x" },
    "nomad/jobs": { one: "1" },
    signs: { ok: "a\n\u00a0\u00e9\"<", bell: "\u0007" },
  },
  lists: {
    "": ["nomad/jobs", "nomad/jobs/shop", "signs"],
    "nomad/jobs": ["nomad/jobs", "nomad/jobs/shop"],
    "nomad/jobs/": ["nomad/jobs/shop"],
    "nomad/jobs@*": ["nomad/jobs", "nomad/jobs/shop"],
    "nomad/jobs@other": [],
    // One slash at the start does not count.
    "//nomad/jobs": [],
    "nomad//jobs": [],
    " nomad/jobs": [],
    none: [],
  },
  absent: ["none", "nomad/jobs@other"],
  services: {
    web: [
      { ...web, id: "_nomad-1", address: "10.0.0.1", port: 8080, tags: ["http", "v1"], allocId: "a1" },
      { ...web, id: "_nomad-2", address: "10.0.0.2", port: 8081, tags: ["http", "v1"], allocId: "a2" },
    ],
    absent: [],
  },
} as const;

const language = [
  ...[
    "plain",
    "a{{/* nothing */}}b",
    "a {{- /* nothing */ -}} b",
    "{{ 1 }}{{ 1.5 }}{{ 1e6 }}{{ 'a' }}{{ true }}",
    '{{ `raw\\n` }}{{ "a\\tb\\u00e9\\x41" }}',
  ],
  ...["a\n{{- 1 -}}\nb", "a\n{{-1}}\nb", "{{ 3 -}} x", '{{ "}}" }}', "{{ 0x10 }} {{ 1_000 }} {{ 017 }} {{ 0b11 }}", "{{ -3 }} {{ +4 }}"],
  ...[
    "{{ if true }}a{{ else }}b{{ end }}",
    "{{ if 0 }}a{{ else if 1 }}b{{ else }}c{{ end }}",
    '{{ if "" }}a{{ end }}',
    "{{ if not false }}a{{ end }}",
  ],
  ...[
    '{{ with "x" }}{{ . }}{{ end }}',
    '{{ with "" }}a{{ else }}b{{ end }}',
    '{{ with $x := "y" }}{{ $x }}{{ . }}{{ end }}',
    "{{ with 0 }}a{{ else with 2 }}{{ . }}{{ end }}",
  ],
  ...[
    '{{ range split "," "a,b" }}[{{ . }}]{{ end }}',
    '{{ range $i, $x := split "," "a,b" }}{{ $i }}{{ $x }} {{ end }}',
    '{{ range split "," "" }}a{{ else }}none{{ end }}',
  ],
  ...[
    "{{ range 3 }}{{ . }}{{ end }}",
    "{{ range loop 2 5 }}{{ . }}{{ if eq . 3 }}{{ break }}{{ end }}{{ end }}",
    "{{ range loop 4 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}",
  ],
  ...[
    "{{ $x := 1 }}{{ $x = 2 }}{{ $x }}",
    "{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}",
    "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}",
  ],
  ...[
    '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" 5 }}',
    '{{ block "b" 7 }}[{{ . }}]{{ end }}',
    '{{ define "t" }}x{{ end }}a{{ template "t" }}b',
  ],
  ...[
    '{{ "a" | printf "%s-%s" "b" }}',
    '{{ (printf "%d" 3) | len }}',
    '{{ "x" | toUpper | printf "%q" }}',
    '{{ (index (split "," "a,b") 1) }}',
    "{{ $ }}",
    "{{ . }}",
  ],
  ...[
    '{{ printf "%5d|%-5s|%05d|%x|%X|%t|%v|%.2f|%e|%c|%%" 42 "ab" 7 255 255 true "v" 1.5 1234.5 65 }}',
    '{{ printf "%s %d" 1 "a" }}',
    '{{ printf "%d" }}',
    '{{ printf "a" 1 }}',
  ],
  ...[
    '{{ printf "%+d % d %q %v %v" 1 2 "a\\"b" 1.0 1e21 }}',
    '{{ print 1 2 "a" "b" 3 }}',
    '{{ println "a" 1 }}',
    "{{ html \"<a & 'b'>\" }}",
    '{{ urlquery "a b/c?d=é" }}',
    '{{ js "it\'s <b>" }}',
  ],
  ...[
    "{{ and 1 0 2 }}{{ or 0 3 4 }}{{ and 1 2 }}{{ or 0 0 }}",
    "{{ eq 1 1 }}{{ eq 1 2 3 1 }}{{ ne 1 2 }}{{ lt 1 2 }}{{ le 2 2 }}{{ gt 2 1 }}{{ ge 1 2 }}",
    '{{ lt "a" "b" }}{{ eq "a" "a" }}',
    "{{ lt 1.5 2.5 }}",
  ],
  ...[
    '{{ len "abc" }}{{ len (split "," "a,b") }}',
    '{{ index (split "," "a,b") 0 }}',
    '{{ slice "abcdef" 1 3 }}',
    '{{ slice (split "," "a,b,c") 1 }}',
  ],
  ...[
    "{{ if }}a{{ end }}",
    "{{ end }}",
    "{{ if true }}",
    "{{ nope }}",
    "{{ $x }}",
    "{{ 1",
    "{{ break }}",
    '{{ "a',
    "{{ 1 2 }}",
    "{{ eq 1 1.0 }}",
    '{{ eq 1 "1" }}',
    "{{ index 1 2 }}",
    '{{ template "none" }}',
  ],
  ...[
    '{{ index (split "," "a") 5 }}',
    "{{ len 5 }}",
    "{{ range true }}{{ end }}",
    "{{ if true }}a{{ else }}b{{ else }}c{{ end }}",
    "{{ range 2 }}{{ else if 1 }}{{ end }}",
    "{{ 1 | 2 }}",
    "{{ (1 }}",
    "{{ $x = 1 }}",
  ],
];

const texts = [
  ...[
    '{{ "a b" | toTitle }}',
    '{{ "ÀB" | toLower }}',
    '{{ "  x " | trimSpace }}|',
    '{{ trim "xy" "xyaxy" }}',
    '{{ "pre-x" | trimPrefix "pre-" }}',
    '{{ trimSuffix ".d" "a.d" }}',
  ],
  ...[
    '{{ "a-b-c" | replaceAll "-" "+" }}',
    '{{ "foo1" | regexReplaceAll "o+(\\\\d)" "<$1>" }}',
    '{{ "foo" | regexMatch "^f" }}',
    '{{ regexReplaceAll "(?P<x>b)" "[${x}]$0$$" "abc" }}',
    '{{ regexMatch "(?i)FOO" "foo" }}',
  ],
  ...[
    '{{ "a,b" | split "," | join "+" }}',
    '{{ split "," " a , b " }}',
    '{{ split "" "ab" }}',
    '{{ splitToMap "," ":" "a:1,b:2,c" }}',
    '[{{ (splitToMap "," ":" "a:1").b }}]',
    '{{ index (splitToMap "," ":" "a:1") "b" | len }}',
    '{{ "a-b" | splitToMap "-" "" }}',
    '{{ range $k, $v := splitToMap "&" "=" "b=2&a=1" }}{{ $k }}{{ $v }};{{ end }}',
  ],
  ...[
    '{{ "a\\n\\nb" | indent 2 }}',
    '{{ indent 2 "x" }}',
    '{{ base64Encode "hi?" }} {{ base64Decode "aGk/" }}',
    '{{ base64URLEncode "hi?>" }} {{ base64URLDecode "aGk_" }}',
    '{{ base64Decode "%%%" }}',
  ],
  ...[
    '{{ sha256Hex "a" }} {{ md5sum "a" }} {{ hmacSHA256Hex "m" "k" }}',
    '{{ "abc" | contains "b" }}',
    '{{ in "abc" "d" }}',
    '{{ in (split "," "a,b") "b" }}',
    '{{ "b" | in (split "," "a,b") }}',
  ],
  ...[
    '{{ containsAll (split "," "a,b") (split "," "b,a,c") }}',
    '{{ containsAll (parseJSON "[\\"a\\"]") (split "," "b,a") }}',
    '{{ containsAny (parseJSON "[\\"x\\",\\"b\\"]") (parseJSON "[\\"b\\"]") }}',
    '{{ containsNone (parseJSON "[\\"x\\"]") "x" }}',
    '{{ containsNotAll (parseJSON "[1,2]") (parseJSON "[1]") }}',
    '{{ join "," (parseJSON "[\\"a\\"]") }}',
    '{{ containsAny (split "," "x,b") (split "," "a,b") }}',
    '{{ containsNone (split "," "x") (split "," "a") }}',
    '{{ containsNotAll (split "," "a,x") (split "," "a") }}',
  ],
  ...["{{ toUpper 1 }}", '{{ join "," "a" }}', "{{ trimSpace }}", '{{ split "," }}'],
];

const numbers = [
  ...[
    "{{ add 1 2 }}",
    "{{ 5 | subtract 2 }}",
    "{{ 5 | divide 2 }}",
    "{{ 5.0 | divide 2 }}",
    "{{ 5 | modulo 3 }}",
    "{{ multiply 2 1.5 }}",
    "{{ minimum 3 2 }}{{ maximum 3 2 }}",
    "{{ 1 | divide 0 }}",
    '{{ add "1" 2 }}',
  ],
  ...[
    '{{ "5" | parseInt | add 1 }}',
    '{{ parseFloat "1.50" }}',
    '{{ parseBool "true" }}{{ parseBool "" }}',
    '{{ parseInt "x" }}',
    '{{ parseUint "7" }}',
    '{{ parseInt "" }}',
    '{{ parseFloat "1e7" }}',
    '{{ range loop "2" }}{{ . }}{{ end }}',
  ],
  ...["{{ 1000000.0 }} {{ 123456789.0 }} {{ 1e20 }} {{ 1e21 }} {{ 0.0001 }} {{ 0.00001 }} {{ 100.0 }}"],
];

const json = [
  ...[
    '{{ with env "JSON" | parseJSON }}{{ .a.t }} {{ .b }} {{ index .b 2 }} {{ .big }} {{ .many }} {{ .none }}{{ end }}',
    '{{ (env "JSON" | parseJSON).a.n }}',
    '{{ range (parseJSON "[1,null]") }}{{ . }},{{ end }}',
    '{{ slice (parseJSON "[1,2]") 1 | toJSON }}',
    '{{ index (parseJSON "{}") "a" }}',
    '{{ env "JSON" | parseJSON }}',
    '{{ env "JSON" | parseJSON | toJSON }}',
    '{{ env "JSON" | parseJSON | toJSONPretty }}',
  ],
  ...[
    '{{ "<a&b>" | toJSON }}',
    '{{ "<a&b>" | toUnescapedJSON }}',
    '{{ split "," "a,b" | toJSON }}',
    '{{ split "," "" | toJSONPretty }}',
    '{{ parseJSON "{" }}',
    '{{ parseJSON "" }}',
    '{{ "[]" | parseJSON | len }}',
  ],
  ...[
    '{{ "{\\"a/b\\":1,\\"a/c\\":2,\\"d\\":3}" | parseJSON | explodeMap | toJSON }}',
    '{{ mergeMap (parseJSON "{\\"a\\":1}") (parseJSON "{\\"a\\":2,\\"b\\":3}") | toJSON }}',
    '{{ mergeMapWithOverride (parseJSON "{\\"a\\":1}") (parseJSON "{\\"a\\":2,\\"b\\":3}") | toJSON }}',
  ],
  ...[
    '{{ range $k, $v := parseJSON "{\\"b\\":1,\\"a\\":2}" }}{{ $k }}={{ $v }} {{ end }}',
    '{{ index (parseJSON "{\\"a\\":{\\"b\\":5}}") "a" "b" }}',
    '{{ (parseJSON "{\\"a\\":1}").a }}',
    '{{ (parseJSON "[1]").a }}',
    "{{ 3 | toJSON }} {{ 1.0 | toJSON }} {{ 1e21 | toJSON }}",
  ],
];

const host = [
  ...[
    '{{ env "NAME" }}',
    '[{{ env "NONE_OF_THESE" }}]',
    '{{ envOrDefault "NONE_OF_THESE" "d" }}',
    '{{ envOrDefault "EMPTY" "d" }}',
    '{{ mustEnv "NAME" }}',
    '{{ mustEnv "NONE_OF_THESE" }}',
    '{{ env "LIST" | split "," | join " " }}',
  ],
  ...[
    '{{ with nomadVar "nomad/jobs/shop" }}{{ .user }}:{{ .password }}{{ end }}',
    '{{ (nomadVar "nomad/jobs/shop").password }}',
    '{{ range $k, $v := nomadVar "nomad/jobs/shop" }}{{ $k }}={{ $v }};{{ end }}',
  ],
  ...[
    '{{ with nomadVar "nomad/jobs/shop" }}{{ .password.Value | toUpper }} {{ .password.Key }}{{ end }}',
    '{{ (nomadVar "nomad/jobs/shop").password | toUpper }}',
    '{{ index (nomadVar "nomad/jobs/shop") "with-dash" }}',
    '{{ if (nomadVar "nomad/jobs").nope }}yes{{ end }}',
    '{{ (nomadVar "nomad/jobs").nope.Value | len }}',
    '{{ len (nomadVar "") }}',
    '{{ nomadVar "nomad/jobs/shop" | toJSON }}',
  ],
  ...[
    '{{ range nomadVarList "nomad/jobs" }}{{ .Path }} {{ end }}',
    "{{ range nomadVarList }}{{ . }} {{ end }}",
    '{{ range nomadVarList "none" }}a{{ else }}none{{ end }}',
    '{{ nomadVarExists "nomad/jobs" }}',
    '{{ nomadVar "none" }}',
    '{{ nomadVar "" }}',
  ],
  ...[
    '{{ range nomadVarList "nomad/jobs" }}{{ range $k, $v := nomadVar .Path }}{{ $k }}={{ $v }} {{ end }}{{ end }}',
    '{{ (nomadVar "nomad/jobs/shop").nope }}',
    '{{ range nomadVarListSafe "none" }}{{ end }}',
  ],
  ...[
    '{{ range nomadService "web" }}server {{ .Address }}:{{ .Port }};{{ end }}',
    '{{ with nomadService "web" }}{{ with index . 0 }}{{ .Address }}:{{ .Port }}{{ end }}{{ end }}',
    '{{ range nomadService "absent" }}a{{ else }}none{{ end }}',
  ],
  ...[
    "{{ range nomadServices }}{{ .Name }} {{ .Tags }} {{ end }}",
    '{{ range nomadService "web" }}{{ .Tags | join "+" }} {{ .JobID }} {{ .AllocID }} {{ .Node }} {{ .ID }} {{ .Name }} {{ ' +
      ".Datacenter }};{{ end }}",
  ],
  ...[
    '{{ range $i, $s := nomadService "web" }}{{ if $i }},{{ end }}{{ $s.Address }}{{ end }}',
    '{{ len (nomadService "web") }}',
    '{{ range nomadService "web" }}{{ if in .Tags "v1" }}{{ .Port | add 1 }} {{ end }}{{ end }}',
    '{{ range nomadService "web" }}{{ .Nope }}{{ end }}',
  ],
  ...['{{ executeTemplate "x" }}', '{{ plugin "x" }}', '{{ timestamp "unix" | len }}'],
];

function ask(text: string, more: Partial<TemplateQuestion> = {}): TemplateQuestion {
  return { text, left: "", right: "", refusesMissingKeys: false, ...more };
}

/** What is compared with consul-template. */
export const templateQuestions: readonly TemplateQuestion[] = [
  ...[...language, ...texts, ...numbers, ...json, ...host].map((text) => ask(text)),
  ...[...valueQuestions, ...cornerQuestions, ...variableQuestions, ...byteQuestions].map((text) => ask(text)),
  ask("[[ 1 ]]{{ 2 }}", { left: "[[", right: "]]" }),
  ask('<%- "x" -%> y', { left: "<%", right: "%>" }),
  ask('{{ (parseJSON "{}").a }}', { refusesMissingKeys: true }),
  ask('{{ (nomadVar "nomad/jobs/shop").nope }}', { refusesMissingKeys: true }),
];
