import { read, write } from '$lib/db/local'
import { format, intl, type Params } from './format'
import type { Key } from './keys'

export type { Key } from './keys'
export type Lang = 'en' | 'sw' | 'fr' | 'ar'

/** Digits stay Latin in Arabic: phone numbers, counts and times are read beside each other. */
export const LANGS: Record<Lang, { name: string; dir: 'ltr' | 'rtl'; locale: string }> = {
  en: { name: 'English', dir: 'ltr', locale: 'en-GB' },
  sw: { name: 'Kiswahili', dir: 'ltr', locale: 'sw' },
  fr: { name: 'Français', dir: 'ltr', locale: 'fr' },
  ar: { name: 'العربية', dir: 'rtl', locale: 'ar-u-nu-latn' },
}

export const isLang = (s: string): s is Lang => s in LANGS

type Dictionary = Record<string, string>
type Loader = () => Promise<Dictionary>

/** The words of the whole app: `./en.json`. The words of one feature stand in a folder of its name: `./keys/en.json`. */
const catalogues = import.meta.glob<Dictionary>(['./*.json', './*/*.json'], { import: 'default' }) as Record<
  string,
  Loader
>

class I18n {
  lang = $state<Lang>('en')
  /** IANA zone that times are shown in; undefined means the zone of this device. */
  zone = $state<string | undefined>(undefined)
  #dict = $state.raw<Dictionary>({})
  #areas = new Set<string>()

  get locale() {
    return LANGS[this.lang].locale
  }
  /** No speaker of this language has reviewed its wording yet. */
  get draft() {
    return '_meta' in this.#dict
  }
  get rtl() {
    return LANGS[this.lang].dir === 'rtl'
  }

  /** Loads a language and switches to it; the words on screen change in one step. Rejects when it cannot be loaded. */
  async set(lang: Lang) {
    this.#dict = await this.#load(lang, ['', ...this.#areas])
    this.lang = lang
    document.documentElement.lang = lang
    document.documentElement.dir = LANGS[lang].dir
  }

  /** Loads the words of a feature that this page needs beside those of the whole app. Once loaded, they stay. */
  async need(area: string): Promise<void> {
    if (this.#areas.has(area) || !catalogues[`./${area}/en.json`]) return
    const lang = this.lang
    const words = await this.#load(lang, [area])
    if (lang !== this.lang) return this.need(area)
    this.#areas.add(area)
    this.#dict = { ...this.#dict, ...words }
  }

  async #load(lang: Lang, areas: string[]): Promise<Dictionary> {
    const parts = await Promise.all(
      areas.map((a) => catalogues[a ? `./${a}/${lang}.json` : `./${lang}.json`]!()),
    )
    return Object.assign({}, ...parts) as Dictionary
  }

  /** Switches and remembers the choice on this device. */
  async choose(lang: Lang) {
    await this.set(lang)
    write('smsir.lang', lang)
  }

  /** A text of the catalogue with its values filled in. Where text runs right to left, each value keeps its own direction. */
  t = (key: Key, params?: Params) =>
    format(this.#dict[key] ?? key, this.locale, params && this.rtl ? isolated(params) : params)

  /** True when the key exists: for codes that come from the server and may be newer than this app. */
  has = (key: string): key is Key => key in this.#dict

  n = (value: number, options: Intl.NumberFormatOptions = {}) =>
    intl(Intl.NumberFormat, this.locale, options).format(value)

  percent = (ratio: number) => this.n(ratio, { style: 'percent', maximumFractionDigits: 1 })

  #date(value: string | Date, options: Intl.DateTimeFormatOptions) {
    const d = new Date(value)
    if (Number.isNaN(d.getTime())) return ''
    return intl(Intl.DateTimeFormat, this.locale, { timeZone: this.zone, ...options }).format(d)
  }
  time = (d: string | Date) => this.#date(d, { hour: '2-digit', minute: '2-digit' })
  seconds = (d: string | Date) => this.#date(d, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  day = (d: string | Date) => this.#date(d, { weekday: 'short', day: 'numeric', month: 'short' })
  date = (d: string | Date) => this.#date(d, { dateStyle: 'medium' })
  full = (d: string | Date) => this.#date(d, { dateStyle: 'medium', timeStyle: 'long' })
  dateTime = (d: string | Date) => this.#date(d, { dateStyle: 'medium', timeStyle: 'short' })

  /** The time for something of today, the day otherwise: what a list row has room for. */
  when = (d: string | Date) => {
    const value = new Date(d)
    return this.date(value) === this.date(new Date())
      ? this.time(value)
      : `${this.day(value)}, ${this.time(value)}`
  }

  /** "in 5 minutes", "2 days ago". */
  relative = (d: string | Date, now = Date.now()) => {
    const s = (new Date(d).getTime() - now) / 1000
    const steps: [number, Intl.RelativeTimeFormatUnit][] = [
      [60, 'second'],
      [3600, 'minute'],
      [86_400, 'hour'],
      [Infinity, 'day'],
    ]
    const size: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: 86_400 }
    const [, unit] = steps.find(([limit]) => Math.abs(s) < limit)!
    return intl(Intl.RelativeTimeFormat, this.locale, { numeric: 'auto' }).format(
      Math.round(s / size[unit]!),
      unit,
    )
  }

  country = (code: string) => {
    try {
      return intl(Intl.DisplayNames, this.locale, { type: 'region' }).of(code) ?? code
    } catch {
      return code
    }
  }
}

/** First strong isolate … pop directional isolate: a phone number inside an Arabic sentence is read in its own order. */
const isolated = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([k, v]) => [k, typeof v === 'string' && v ? `\u2068${v}\u2069` : v]),
  )

export const i18n = new I18n()
export const t = i18n.t

/** The language of the device or the stored choice, as boot.js already put it on the page. */
export const initialLang = (): Lang => {
  const stored = read('smsir.lang') ?? document.documentElement.lang
  return isLang(stored) ? stored : 'en'
}
