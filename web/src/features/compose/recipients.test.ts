import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

vi.mock('$lib/api/contacts', () => ({
  listContacts: async ({ search }: { search: string }) => ({
    items: search === 'pa' ? [{ id: 'con_1', name: 'Parker', phone: '+12025550107', suppressed: false }] : [],
  }),
  listGroups: async () => ({ items: [{ id: 'grp_1', name: 'Parents', size: 3 }] }),
}))
vi.mock('$lib/permissions', () => ({ can: () => true }))
const { default: Recipients } = await import('./Recipients.svelte')

/** A busy machine loads the list late. */
const PATIENT = { timeout: 10_000 }

describe('Recipients', () => {
  const field = () => screen.getByLabelText('To')
  it('turns what is typed and pasted into chips', async () => {
    const user = userEvent.setup()
    render(Recipients, { value: [], region: 'US' })
    await user.type(field(), '(202) 555-0100{Enter}')
    await user.click(field())
    await user.paste('+12025550101; +12025550100')
    expect(screen.getByText('+12025550100')).toBeInTheDocument()
    expect(screen.getByText('+12025550101')).toBeInTheDocument()
    expect(screen.getByText('1 duplicate left out.')).toBeInTheDocument()
  })
  it('names what is no number and keeps it to be corrected', async () => {
    const user = userEvent.setup()
    render(Recipients, { value: [], region: 'US' })
    await user.type(field(), '0712{Enter}')
    expect(screen.getByRole('alert')).toHaveTextContent('“0712” is not a phone number')
    expect(field()).toHaveValue('0712')
  })
  it('takes the last one back with Backspace', async () => {
    const user = userEvent.setup()
    render(Recipients, { value: ['+12025550100'], region: 'US' })
    await user.type(field(), '{Backspace}')
    expect(screen.queryByText('+12025550100')).toBeNull()
  })
  it('names the one that the server refuses', () => {
    render(Recipients, {
      value: ['+12025550100'],
      region: 'US',
      refused: new Map([['+12025550100', 'It has opted out.']]),
    })
    expect(screen.getByRole('alert')).toHaveTextContent('+12025550100: It has opted out.')
  })
  it('shows a list as one chip with its count, which can be opened and taken away', async () => {
    const user = userEvent.setup()
    const onlist = vi.fn()
    const people = Array.from({ length: 1200 }, (_, i) => ({ to: `+1202555${String(i).padStart(4, '0')}` }))
    const list = { id: 'g', kind: 'group' as const, name: 'Parents', people }
    render(Recipients, { value: [], lists: [list], region: 'US', onlist, max: 1000, count: 1200 })
    expect(screen.getByRole('alert')).toHaveTextContent('1,200 recipients: at most 1,000 in one send.')
    await user.click(screen.getByRole('button', { name: 'Parents · 1,200' }))
    expect(onlist).toHaveBeenCalledWith(list)
    await user.click(screen.getByRole('button', { name: 'Remove Parents' }))
    expect(screen.queryByText('Parents')).toBeNull()
  })
  it(
    'offers people and groups while a name is typed, and takes them with the keyboard',
    { timeout: 30_000 },
    async () => {
      const user = userEvent.setup()
      const ongroup = vi.fn(async () => undefined)
      render(Recipients, { value: [], region: 'US', ongroup })
      await user.type(screen.getByRole('combobox'), 'pa')
      expect(await screen.findByRole('option', { name: /Parker/ }, PATIENT)).toBeInTheDocument()
      expect(screen.getByRole('option', { name: /Parents/ })).toHaveAttribute('aria-selected', 'true')
      await user.keyboard('{ArrowDown}{Enter}')
      expect(screen.getByText('+12025550107')).toBeInTheDocument()
      await user.type(screen.getByRole('combobox'), 'parents')
      await screen.findByRole('option', { name: /Parents/ }, PATIENT)
      await user.keyboard('{Enter}')
      expect(ongroup).toHaveBeenCalledWith(expect.objectContaining({ id: 'grp_1', name: 'Parents' }))
      expect(screen.getByRole('combobox')).toHaveValue('')
    },
  )
})
