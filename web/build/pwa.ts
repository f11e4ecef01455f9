import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import type { Plugin } from 'vite'

/**
 * Emits the web app manifest and writes the lists of files to keep offline into sw.js: those of the app, and those of each
 * language (`languageOf`, from the module that a chunk stands for or the name of an asset). With them goes a version that
 * changes exactly when one of them does. Fails the build when sw.js is missing, imports a shared chunk (a classic worker
 * cannot), or lost its placeholders.
 */
export function pwa(
  manifest: object,
  keep: (file: string) => boolean,
  languageOf: (name: string) => string | undefined,
): Plugin {
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
        const files = [...new Set([...fromBundle, ...fromPublic])].sort() // boot.js is in both
        const hash = createHash('sha256')
        for (const f of files) {
          const out = bundle[f]
          hash
            .update(f)
            .update(out ? (out.type === 'chunk' ? out.code : out.source) : readFileSync('public/' + f))
        }
        const words: Record<string, string[]> = {}
        const app = files.filter((f) => {
          const out = bundle[f]
          const lang = languageOf((out?.type === 'chunk' && out.facadeModuleId) || f)
          if (lang) (words[lang] ??= []).push('/' + f)
          return !lang
        })
        const placeholders: Record<string, string> = {
          __FILES__: JSON.stringify(app.map((f) => '/' + f)),
          __WORDS__: JSON.stringify(words),
          __VERSION__: hash.digest('hex').slice(0, 12),
        }
        let code = sw.code
        for (const [name, value] of Object.entries(placeholders)) {
          const before = code
          code = code.replace(name === '__VERSION__' ? name : new RegExp(`(["'\`])${name}\\1`), () => value)
          if (code === before) this.error(`sw.ts lost its placeholder ${name}`)
        }
        sw.code = code
      },
    },
  }
}
