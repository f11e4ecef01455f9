import { read, write } from '$lib/db/local'
import type en from './en.json'
import { format, type Params } from './format'

export type Key = keyof typeof en
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
const loaders: Record<Lang, () => Promise<Dictionary>> = {
  en: async () => (await import('./en.json')).default,
  sw: async () => (await import('./sw.json')).default,
  fr: async () => (await import('./fr.json')).default,
  ar: async () => (await import('./ar.json')).default,
}

class I18n {
  lang = $state<Lang>('en')
  /** IANA zone that times are shown in; undefined means the zone of this device. */
  zone = $state<string | undefined>(undefined)
  #dict = $state.raw<Dictionary>({})

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
    this.#dict = await loaders[lang]()
    this.lang = lang
    document.documentElement.lang = lang
    document.documentElement.dir = LANGS[lang].dir
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

  n = (value: number, options?: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(this.locale, options).format(value)

  percent = (ratio: number) => this.n(ratio, { style: 'percent', maximumFractionDigits: 1 })

  #date(value: string | Date, options: Intl.DateTimeFormatOptions) {
    const d = new Date(value)
    if (Number.isNaN(d.getTime())) return ''
    return new Intl.DateTimeFormat(this.locale, { timeZone: this.zone, ...options }).format(d)
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
    return new Intl.RelativeTimeFormat(this.locale, { numeric: 'auto' }).format(
      Math.round(s / size[unit]!),
      unit,
    )
  }

  country = (code: string) => {
    try {
      return new Intl.DisplayNames([this.locale], { type: 'region' }).of(code) ?? code
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
