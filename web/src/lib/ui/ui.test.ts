import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { Problem } from '$lib/api/problem'
import { STATUSES } from '$lib/api/types'
import Columns from '$lib/charts/Columns.svelte'
import { nice } from '$lib/charts/scale'
import ErrorCard from './ErrorCard.svelte'
import { shownText } from './removed'
import StatusPill, { shownStatus, toneOf, type ShownStatus } from './StatusPill.svelte'

describe('StatusPill', () => {
  const all: ShownStatus[] = [...STATUSES, 'held', 'waiting']
  it('has a word, a glyph and a tone for each of the eleven statuses and the two of this app', () => {
    expect(all).toHaveLength(13)
    const words = new Set<string>()
    const glyphs = new Set<string>()
    for (const status of all) {
      const { container, unmount } = render(StatusPill, { status })
      words.add(container.textContent.trim())
      glyphs.add(container.querySelector('path')!.getAttribute('d')!)
      expect(container.querySelector('.pill')).toHaveAttribute('data-tone', toneOf(status))
      unmount()
    }
    expect(words.size).toBe(13)
    expect(glyphs.size).toBe(13)
  })
  it('keeps green for delivered and red for what needs somebody', () => {
    expect(all.filter((s) => toneOf(s) === 'ok')).toEqual(['delivered'])
    expect(all.filter((s) => toneOf(s) === 'bad')).toEqual(['undelivered', 'failed'])
  })
  it('shows the undo window as such', () => {
    expect(shownStatus({ status: 'scheduled', reason: 'undo_window' })).toBe('held')
    expect(shownStatus({ status: 'scheduled' })).toBe('scheduled')
  })
})

describe('ErrorCard', () => {
  it('says what happened and what to do', () => {
    const problem = new Problem({
      status: 422,
      code: 'invalid',
      title: 'Not valid',
      detail: 'Too short.',
      fix: 'Add digits.',
    })
    render(ErrorCard, { problem })
    expect(screen.getByRole('alert')).toHaveTextContent(/Not valid.*Too short\..*Add digits\./)
  })
  it('speaks of the connection when no answer came', () => {
    render(ErrorCard, { problem: new Problem({ code: 'network' }) })
    expect(screen.getByRole('alert')).toHaveTextContent('No answer from the server')
  })
})

describe('Columns', () => {
  const series = [
    { key: 'd', label: 'Delivered', color: 'green', values: [3, 5] },
    { key: 'f', label: 'Failed', color: 'red', hatched: true, values: [1, 0] },
  ]
  it('has a table with the same numbers', async () => {
    const user = userEvent.setup()
    render(Columns, { title: 'Messages', summary: 'Nine.', labels: ['09:00', '10:00'], series, axis: 'Hour' })
    expect(screen.getByRole('img')).toHaveAccessibleName('Messages. Nine.')
    await user.click(screen.getByRole('button', { name: 'Show as table' }))
    const rows = screen.getAllByRole('row').map((r) => [...r.children].map((c) => c.textContent))
    expect(rows).toEqual([
      ['Hour', 'Delivered', 'Failed'],
      ['09:00', '3', '1'],
      ['10:00', '5', '0'],
    ])
  })
  it.each([
    [0, 4],
    [5, 5],
    [11, 15],
    [99, 100],
    [1001, 1500],
  ])('puts %i under %i', (v, want) => expect(nice(v)).toBe(want))
})

describe('shownText', () => {
  it('says what removed a text, and when', () => {
    expect(shownText({ text: 'Hello' })).toBe('Hello')
    const gone = { text: '', text_removed_at: '2026-11-23T12:00:00.000Z' }
    expect(shownText(gone)).toBe('Text removed by the retention rule on 23 Nov 2026')
    expect(shownText({ ...gone, text_removed_by: 'one_time_code' })).toContain('one-time code')
    expect(shownText({ ...gone, text_removed_by: 'request' })).toContain('on request')
  })
})
