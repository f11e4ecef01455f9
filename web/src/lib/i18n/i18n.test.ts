import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { format, intl, parseArms } from './format'
import { i18n, LANGS, type Lang } from './index.svelte'

describe('format', () => {
  const plural = '{n, plural, zero {Z} one {# msg} two {T} few {F #} many {M #} other {# msgs}}'
  it.each([
    [plural, 'en', 1, '1 msg'],
    [plural, 'en', 1200, '1,200 msgs'],
    [plural, 'en', 999, '999 msgs'],
    [plural, 'en', 1.5, '1.5 msgs'],
    [plural, 'ar-u-nu-latn', 2, 'T'],
    [plural, 'ar-u-nu-latn', 3, 'F 3'],
    [plural, 'ar-u-nu-latn', 11, 'M 11'],
    ['{n, plural, =0 {none} other {some}}', 'en', 0, 'none'],
  ])('%s in %s of %i', (text, locale, n, want) => expect(format(text, locale, { n })).toBe(want))
  it.each(Object.values(LANGS))('small numbers need no formatter: $locale', ({ locale }) => {
    for (const n of [0, 7, 10, 999]) expect(new Intl.NumberFormat(locale).format(n)).toBe(String(n))
  })
  it('makes a formatter once for its locale and options', () => {
    class Kind {
      constructor(
        readonly locale: string,
        readonly options: object,
      ) {}
    }
    const one = intl(Kind, 'en', { x: 1 })
    expect(intl(Kind, 'en', { x: 1 })).toBe(one)
    expect(intl(Kind, 'sw', { x: 1 })).toMatchObject({ locale: 'sw' })
    expect(intl(Kind, 'en', { x: 2 })).toMatchObject({ options: { x: 2 } })
  })
  it('tells formatters of other options apart', () => {
    expect([i18n.n(0.5), i18n.percent(0.5), i18n.n(0.5)]).toEqual(['0.5', '50%', '0.5'])
  })
  it('nests parameters inside arms', () =>
    expect(format('{n, plural, other {{who} has #}}', 'en', { n: 2, who: 'A' })).toBe('A has 2'))
  it('shows broken syntax as it stands', () => expect(format('{a b c} {', 'en', {})).toContain('{a b c}'))
})

const folder = 'src/lib/i18n'
const areas = readdirSync(folder, { withFileTypes: true })
  .filter((f) => f.isDirectory())
  .map((f) => f.name + '/')
const files = ['', ...areas].flatMap((a) =>
  readdirSync(`${folder}/${a}`)
    .filter((f) => f.endsWith('.json'))
    .map((f) => a + f),
)
const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Record<string, string>
/** Names of the parameters of a message, in all of its arms. */
function names(text: string): string[] {
  const found = new Set<string>()
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '{') continue
    let depth = 0
    let end = i
    for (; end < text.length; end++) {
      if (text[end] === '{') depth++
      else if (text[end] === '}' && --depth === 0) break
    }
    const [, name, arms] = /^(\w+)(?:, plural,([\s\S]*))?$/.exec(text.slice(i + 1, end)) ?? []
    if (name) found.add(name)
    for (const arm of Object.values(parseArms(arms ?? ''))) names(arm).forEach((n) => found.add(n))
    i = end
  }
  return [...found].sort()
}
const plurals = (s: string) => [...s.matchAll(/\{\w+, plural,/g)].length

describe('the keys', () => {
  const sources = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.(svelte|ts)$/.test(f.name) && !f.name.endsWith('.test.ts'))
    .map((f) => readFileSync(`${f.parentPath}/${f.name}`, 'utf8'))
    .join('\n')
  const built = [...sources.matchAll(/`([a-z]+\.(?:[a-z]+\.)?)\$\{/g)].map((m) => m[1]!)
  it('are all used', () => {
    const unused = ['', ...areas]
      .flatMap((a) => Object.keys(read(a + 'en.json')))
      .filter((k) => !sources.includes(`'${k}'`) && !built.some((b) => k.startsWith(b)))
    expect(unused).toEqual([])
  })
  it('stand in one catalogue each', () => {
    const all = ['', ...areas].flatMap((a) => Object.keys(read(a + 'en.json')))
    expect(all.filter((k, i) => all.indexOf(k) !== i)).toEqual([])
  })
  it.each(areas)('of %s belong to a view of that feature, or to one that loads them itself', (area) =>
    expect(readFileSync('src/routes.ts', 'utf8') + sources).toMatch(
      new RegExp(
        `features/${area}[\\s\\S]*?words: '(?:[a-z]+ )*${area.slice(0, -1)}[ ']|i18n\\.need\\('${area.slice(0, -1)}'\\)`,
      ),
    ),
  )
})

describe('the catalogues', () => {
  it('are one for each language', () =>
    expect(files.sort()).toEqual(
      ['', ...areas].flatMap((a) => Object.keys(LANGS).map((l) => `${a}${l}.json`)).sort(),
    ))

  describe.each(files)('%s', (file) => {
    const lang = file.slice(-7, -5) as Lang
    const area = file.slice(0, -7)
    const en = read(area + 'en.json')
    const { _meta, ...texts } = read(file)

    it('has every key and no other', () => expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort()))
    it('uses the same placeholders', () => {
      for (const [key, text] of Object.entries(en)) expect(names(texts[key]!), key).toEqual(names(text))
    })
    it('has an arm for every plural of its language', () => {
      const categories = new Intl.PluralRules(LANGS[lang].locale).resolvedOptions().pluralCategories
      for (const [key, text] of Object.entries(texts)) {
        const start = text.search(/\{\w+, plural,/)
        if (start < 0) continue
        expect(plurals(text), key).toBe(1)
        const arms = parseArms(text.slice(text.indexOf('plural,', start) + 7))
        expect(
          categories.filter((c) => !(c in arms)),
          `${key}: ${text}`,
        ).toEqual([])
      }
    })
    it('says whether its wording is a draft', () => expect(_meta !== undefined).toBe(!area && lang !== 'en'))
  })

  it('switch direction and language of the page', async () => {
    await i18n.set('ar')
    expect([document.documentElement.dir, document.documentElement.lang]).toEqual(['rtl', 'ar'])
    expect(i18n.draft).toBe(true)
    expect(i18n.t('palette.send', { number: '+12025550100' })).toContain('\u2068+12025550100\u2069')
    await i18n.set('en')
    expect([document.documentElement.dir, i18n.draft]).toEqual(['ltr', false])
  })
})
