import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|html|svg|json|webmanifest)$/

/**
 * Writes `file.br` and `file.gz` beside every text file of the output, at the highest level, so that the server
 * never compresses on the fly. A twin that saves nothing is not written; the server then sends the plain file.
 */
export function compress(): Plugin {
  let dir = 'dist'
  return {
    name: 'smsir-compress',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      dir = config.build.outDir
    },
    closeBundle() {
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXT.test(entry.name)) continue
        const file = join(entry.parentPath, entry.name)
        const raw = readFileSync(file)
        const br = brotliCompressSync(raw, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: 11,
            [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
          },
        })
        const gz = gzipSync(raw, { level: 9 })
        if (br.length < raw.length) writeFileSync(file + '.br', br)
        if (gz.length < raw.length) writeFileSync(file + '.gz', gz)
      }
    },
  }
}
