// Every screen, on a phone and on a desk, light and dark, from left and from right; and very large text.
import { api, base, check, DESK, live, open, PHONE, screen } from './harness.mjs'

const routes = [
  '/',
  '/messages',
  '/compose',
  '/providers',
  '/providers?new=1',
  '/routes',
  '/routes?new=1',
  '/webhooks',
  '/webhooks?new=1',
  '/keys',
  '/keys?new=1',
  '/budget',
  '/more',
  ...['profile', 'appearance', 'security', 'workspace', 'retention', 'team', 'server'].map(
    (t) => `/settings?tab=${t}`,
  ),
  '/no-such-page',
]

async function visit(world, viewport, theme, lang) {
  const page = await open(world.browser, {
    viewport,
    state: world.state,
    prefs: { 'smsir.theme': theme, 'smsir.lang': lang },
  })
  const [message] = (await api(page).get('/v1/messages?limit=1')).body.items
  for (const path of [...routes, `/messages?id=${message.id}`]) {
    await page.goto(base + path)
    await live(page)
    await page.locator('h1').first().waitFor()
    await page
      .locator('[aria-busy=true]')
      .first()
      .waitFor({ state: 'detached' })
      .catch(() => {})
    await screen(page, `${viewport.width} ${theme} ${lang} ${path.replace(/msg_.*/, 'msg')}`)
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('a[href], button, input, select, textarea, [role=option]')]
        .filter((e) => {
          const r = e.getBoundingClientRect()
          return (
            r.width &&
            r.height &&
            !e.matches('.skip, .sr') &&
            getComputedStyle(e).display !== 'inline' &&
            (r.width < 24 || r.height < 24)
          )
        })
        .map((e) => e.outerHTML.slice(0, 80)),
    )
    check(small.length === 0, `targets of 24 px: ${viewport.width} ${lang} ${path}`, small.join(' '))
  }
}
export const phoneLight = (world) => visit(world, PHONE, 'light', 'en')
export const deskDark = (world) => visit(world, DESK, 'dark', 'en')
export const phoneDarkArabic = (world) => visit(world, PHONE, 'dark', 'ar')
export const deskLightFrench = (world) => visit(world, DESK, 'light', 'fr')
export const phoneLightSwahili = (world) => visit(world, PHONE, 'light', 'sw')

/** The narrowest phone with text at twice its size: nothing runs out sideways. */
export async function largeText(world) {
  const page = await open(world.browser, { viewport: { width: 320, height: 640 }, state: world.state })
  await page.addInitScript(() =>
    document.addEventListener('DOMContentLoaded', () =>
      document.documentElement.style.setProperty('font-size', '200%'),
    ),
  )
  for (const path of routes) {
    await page.goto(base + path)
    await page.locator('h1').first().waitFor()
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    check(over <= 0, `320 px at 200 % text: ${path}`, `${over} px too wide`)
  }
}
