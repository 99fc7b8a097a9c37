/** A bar: what it stands for, how long it is, and the text at its end. */
export interface Bar {
  readonly label: string;
  /** Not negative; the longest bar fills the chart. */
  readonly value: number;
  readonly text: string;
}

const width = 640;
const labelWidth = 130;
const textWidth = 110;
const barHeight = 18;
const rowHeight = 26;
const titleHeight = 30;

/** An SVG image of horizontal bars on one scale from 0, the first of them in colour. Readable on light and on dark pages. */
export function renderBarChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const height = titleHeight + rowHeight * bars.length + 4;
  const rows = bars.map(({ label, value, text }, index) => {
    const top = titleHeight + rowHeight * index;
    const length = Math.max(1, Math.round((value / longest) * (width - labelWidth - textWidth)));
    const middle = top + barHeight / 2 + 4;
    return [
      `  <text x="${labelWidth - 8}" y="${middle}" text-anchor="end">${escapeXml(label)}</text>`,
      `  <rect x="${labelWidth}" y="${top}" width="${length}" height="${barHeight}" class="${index === 0 ? "own" : "other"}"/>`,
      `  <text x="${labelWidth + length + 8}" y="${middle}">${escapeXml(text)}</text>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>${escapeXml(title)}</title>
  <style>
    text { font: 13px sans-serif; fill: #24292f; }
    .title { font-weight: bold; }
    .own { fill: #2f6fdb; }
    .other { fill: #9aa4af; }
    @media (prefers-color-scheme: dark) { text { fill: #d0d7de; } }
  </style>
  <text x="8" y="18" class="title">${escapeXml(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
