/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vite'
import { groups } from './build/chunks.ts'
import { compress } from './build/compress.ts'
import { parts } from './build/parts.ts'
import { pwa } from './build/pwa.ts'

const icon = (file: string, size: number, purpose?: string) => ({
  src: `/${file}.png`,
  sizes: `${size}x${size}`,
  type: 'image/png',
  ...(purpose ? { purpose } : {}),
})

const manifest = {
  id: '/',
  name: 'SMSir',
  short_name: 'SMSir',
  description: 'Send, schedule and track text messages through your own gateway',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  orientation: 'any',
  background_color: '#faf8f4',
  theme_color: '#0b5f7a',
  categories: ['business', 'productivity'],
  icons: [icon('icon-192', 192), icon('icon-512', 512), icon('icon-512-maskable', 512, 'maskable')],
  shortcuts: [
    { name: 'Compose', url: '/compose' },
    { name: 'Inbox', url: '/inbox' },
    { name: 'Messages', url: '/messages' },
  ],
  share_target: { action: '/compose', method: 'GET', params: { title: 'title', text: 'text', url: 'url' } },
}

/** What the service worker keeps for offline use; of texts and fonts, those of the language that a person reads. */
const precached = (file: string) => /\.(js|css|html|svg|png|webmanifest|woff2)$/.test(file)
const languageOf = (name: string) =>
  /\/i18n\/(?:\w+\/)?(\w\w)\.json$/.exec(name)?.[1] ?? (/vazirmatn/.test(name) ? 'ar' : undefined)

export default defineConfig({
  plugins: [svelte(), svelteTesting(), parts(), pwa(manifest, precached, languageOf), compress()],
  resolve: { alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) } },
  build: {
    target: ['chrome114', 'firefox128', 'safari17'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'build.json',
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/sw.ts' },
      output: {
        entryFileNames: (c) => (c.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        codeSplitting: { groups },
      },
    },
  },
  server: { proxy: { '/v1': { target: process.env.SMSIR_URL ?? 'http://127.0.0.1:8080', ws: true } } },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/test/setup.ts'],
    include: ['src/**/*.test.ts'],
    globals: true,
  },
})
