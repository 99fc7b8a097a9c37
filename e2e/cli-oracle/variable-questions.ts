/** Templates about Nomad's variables, for template-questions.ts. */
const shop = '(nomadVar "nomad/jobs/shop")';

/** A variable behind its items, and what is known of it. */
const metadata = ["Parent", "Metadata"].flatMap((method) => [
  ...[".Path", ".Namespace", ".CreateIndex", ".CreateTime", ".ModifyTime.Time", ".ModifyTime.String", ".nope", ".Items.user"].map(
    (field) => `{{ ${shop}.${method}${field} }}`,
  ),
  ...["toJSON", 'printf "%T"', "len", "toUpper"].map((call) => `{{ ${shop}.${method} | ${call} }}`),
  `{{ ${shop}.user.${method}.Path | toUpper }}`,
  `{{ ${shop}.user.${method}.Metadata }}`,
  `{{ with ${shop}.${method} }}{{ .ModifyIndex | printf "%T" }}{{ end }}`,
  `{{ range $k, $v := ${shop}.${method}.Items }}{{ $k }}={{ $v }};{{ end }}`,
  `{{ ${shop}.${method} 1 }}`,
  `{{ ${shop}.nope.${method} }}`,
  `{{ (nomadVar "").${method} }}`,
  `{{ (nomadVar "").${method}.Path }}`,
  `{{ (nomadVar "").a.${method} }}`,
  `{{ if (nomadVar "").${method} }}a{{ else }}b{{ end }}`,
  `{{ with (nomadVar "").${method} }}a{{ else }}b{{ end }}`,
  `{{ (nomadVar "").${method} | toJSON }}`,
  `{{ printf "%v %s %T" (nomadVar "").${method} (nomadVar "").${method} (nomadVar "").${method} }}`,
]);

const items = [
  `{{ ${shop}.Metadata }}`,
  `{{ ${shop}.user.Metadata | printf "%v|%s|%q" "a" "b" }}`,
  `{{ ${shop}.ItemsMap }}`,
  `{{ ${shop}.ItemsMap | toJSON }}`,
  `{{ ${shop}.ItemsMap.nope }}`,
  `{{ index ${shop}.ItemsMap "user" | toUpper }}`,
  `{{ range $k, $v := ${shop}.ItemsMap }}{{ $k }}={{ $v | toUpper }};{{ end }}`,
  `{{ printf "%T" ${shop}.ItemsMap }}`,
  '{{ (nomadVar "").ItemsMap }}',
  `{{ ${shop}.user.String | toUpper }}`,
  `{{ ${shop}.user.parent }}`,
  `{{ ${shop}.String }}`,
  `{{ ${shop}.user | toJSON }} {{ ${shop} | toUnescapedJSON }}`,
  '{{ nomadVar "signs" | toJSON }}',
  '{{ (nomadVar "signs").ok | toJSON }}',
  '{{ (nomadVar "signs").bell | toJSON }}',
];

const lists = [
  '{{ range nomadVarList "nomad/jobs" }}{{ .CreateTime }} {{ .ModifyTime.Time }} {{ .Namespace }} {{ .CreateIndex }};{{ end }}',
  '{{ range nomadVarList "nomad/jobs" }}{{ . | toJSON }}{{ .String }}{{ end }}',
  '{{ nomadVarList "nomad/jobs" | toJSONPretty }}',
  ...["/nomad/jobs", "nomad/jobs/", "//nomad/jobs", "nomad//jobs", " nomad/jobs", "/", "//", "@default", "@a@b", "@.x"].map(
    (prefix) => `{{ range nomadVarList "${prefix}" }}{{ .Path }};{{ end }}`,
  ),
  ...["nomad/jobs@default", "nomad/jobs@*", "nomad/jobs@other", "nomad/jobs@default.global"].map(
    (prefix) => `{{ range nomadVarList "${prefix}" }}{{ .Path }};{{ end }}`,
  ),
  ...["/nomad/jobs/", "nomad/jobs@other", "none", "", "a@b@c"].map((path) => `{{ nomadVarExists "${path}" }}`),
  ...["/", "//", "@default"].map((path) => `{{ nomadVar "${path}" | len }}`),
];

export const variableQuestions: readonly string[] = [...metadata, ...items, ...lists];
