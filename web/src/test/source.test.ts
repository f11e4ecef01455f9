// Rules about the source itself: tokens, directions, words.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && f.name.endsWith('.svelte'))
  .map((f) => join(f.parentPath, f.name))
const read = (f: string) => readFileSync(f, 'utf8')
const style = (text: string) => /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? ''
const markup = (text: string) =>
  text
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<!--[\s\S]*?-->/g, '')

describe('every component', () => {
  it('is found', () => expect(files.length).toBeGreaterThan(40))
  it.each(files)('%s keeps to the tokens and to logical directions', (file) => {
    const css = style(read(file))
    expect(css.match(/#[0-9a-f]{3,8}\b/gi) ?? [], 'colours are tokens').toEqual([])
    const physical =
      /(?:^|[\s;{])(?:left|right|(?:margin|padding|border|inset)-(?:left|right))\s*:|text-align:\s*(?:left|right)/g
    expect(css.match(physical) ?? [], 'start and end, not left and right').toEqual([])
  })
  it.each(files)('%s takes its words from the catalogue', (file) => {
    const text = markup(read(file))
      .replace(/\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '')
      .replace(/<kbd[\s\S]*?<\/kbd>/g, '')
      .replace(/<(?:[^<>"']|"[^"]*"|'[^']*')*>/g, '\n')
    const words = text
      .split('\n')
      .map((s) => s.trim())
      .filter((s) => /\p{L}{2,}/u.test(s) && !/^[·\s]*SMSir$/.test(s))
    expect(words).toEqual([])
  })
  it.each(files)('%s has no inline style and no raw HTML', (file) => {
    expect(read(file)).not.toMatch(/\sstyle="|\{@html/)
  })
  it.each(files)('%s fits a screen or two', (file) => {
    expect(read(file).split('\n').length).toBeLessThanOrEqual(320)
  })
})

describe('the colours', () => {
  const css = read('src/app.css')
  const tokens = (selector: string) =>
    Object.fromEntries(
      [
        ...css
          .slice(css.indexOf(selector))
          .split('}')[0]!
          .matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi),
      ].map((m) => [m[1]!, m[2]!]),
    )
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5]
      .map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as [number, number, number]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (a: string, b: string) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number]
    return (x + 0.05) / (y + 0.05)
  }
  const text = [
    ...['ink', 'ink-2', 'ink-3'].flatMap((f) => ['paper', 'surface', 'sunken'].map((b) => [f, b])),
    ...['ok', 'info', 'wait', 'plan', 'bad', 'warn'].flatMap((k) => [
      [k, `${k}-soft`],
      [k, 'surface'],
      ['ink', `${k}-soft`],
    ]),
    ['on-brand', 'brand'],
    ['on-brand-soft', 'brand-soft'],
    ['brand', 'paper'],
    ['brand', 'surface'],
    ['brand', 'sunken'],
    ['paper', 'ink'],
  ] as [string, string][]
  const shapes = [
    ['line-strong', 'surface'],
    ['line-strong', 'paper'],
    ['focus', 'paper'],
    ['focus', 'surface'],
    ['c-delivered', 'surface'],
    ['c-sent', 'surface'],
    ['c-failed', 'surface'],
  ] as [string, string][]
  describe.each([
    ['light', tokens(':root {')],
    ['dark', tokens(":root[data-theme='dark'] {")],
  ])('%s', (_, t) => {
    it.each(text)('text %s on %s', (f, b) => expect(ratio(t[f]!, t[b]!)).toBeGreaterThanOrEqual(4.5))
    it.each(shapes)('shape %s on %s', (f, b) => expect(ratio(t[f]!, t[b]!)).toBeGreaterThanOrEqual(3))
  })
})
