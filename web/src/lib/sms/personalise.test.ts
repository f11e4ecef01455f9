import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { keyOf, Personal } from './personalise'

const shared = JSON.parse(readFileSync('../testdata/variables.json', 'utf8')) as {
  values: Record<string, string>
  texts: { text: string; want: string; gap: boolean }[]
}

describe('the vectors shared with the server', () => {
  it('are there', () => expect(shared.texts.length).toBeGreaterThan(10))
  it.each(shared.texts.map((v) => [v.text, v] as const))('%s', (_, v) => {
    expect(new Personal(v.text).render(shared.values)).toEqual({ text: v.want, gap: v.gap })
  })
})

describe('variables', () => {
  it('stay in sight where a value is missing, if that is asked for', () => {
    const text = new Personal('Dear {{Name}}, due {{ due day }}{{x|!}}')
    expect(text.render({ name: 'Ada' }, true)).toEqual({ text: 'Dear Ada, due {{due_day}}!', gap: true })
    expect(text.render({ name: 'Ada' })).toEqual({ text: 'Dear Ada, due !', gap: true })
  })
  it('are each named once, as they are compared', () => {
    expect(new Personal('{{First Name}} {{x|y}} {{first-name}} {{7}}').variables).toEqual(['first_name', 'x'])
    expect(keyOf(' A  b\u00a0c ')).toBe('a_b_c')
    expect(keyOf('1st')).toBeNull()
  })
})
