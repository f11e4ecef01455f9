import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import type { Plugin } from 'vite'

/**
 * Emits the web app manifest and writes the list of files to keep offline into sw.js, with a version that
 * changes exactly when one of them does. Fails the build when sw.js is missing, imports a shared chunk
 * (a classic worker cannot), or lost its placeholders.
 */
export function pwa(manifest: object, keep: (file: string) => boolean): Plugin {
  return {
    name: 'smsir-pwa',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: JSON.stringify(manifest) })
        const sw = bundle['sw.js']
        if (!sw || sw.type !== 'chunk') return this.error('sw.js was not built')
        if (sw.imports.length) this.error('sw.ts must not import shared chunks: ' + sw.imports.join())

        const fromPublic = readdirSync('public').filter(keep)
        const fromBundle = Object.keys(bundle).filter((f) => f !== 'sw.js' && keep(f))
        const files = [...fromBundle, ...fromPublic].sort()
        const hash = createHash('sha256')
        for (const f of files) {
          const out = bundle[f]
          hash
            .update(f)
            .update(out ? (out.type === 'chunk' ? out.code : out.source) : readFileSync('public/' + f))
        }
        const list = JSON.stringify(files.map((f) => '/' + f))
        const version = hash.digest('hex').slice(0, 12)
        const code = sw.code.replace(/(["'`])__FILES__\1/, () => list).replace('__VERSION__', version)
        if (code === sw.code || /__FILES__|__VERSION__/.test(code)) this.error('sw.ts placeholders not found')
        sw.code = code
      },
    },
  }
}
