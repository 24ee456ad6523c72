import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { build, version } from 'vite'
import { startModel } from './model.ts'
import { askInPage } from './page.ts'
import { createProject } from './project.ts'

/** An app of React that Vite builds, by its defaults; Chromium opens it. */
export async function checkVite(folder: string, tarball: string): Promise<string> {
  await createProject(folder, 'vite', [tarball, 'react@19', 'react-dom@19'])
  await cp(new URL('projects/Chat.jsx', import.meta.url), join(folder, 'Chat.jsx'))
  await build({ root: folder, logLevel: 'error' })
  const model = await startModel(join(folder, 'dist'))
  try {
    await askInPage(model.url, model)
  } finally {
    await model.close()
  }
  return `built by Vite ${version}, an answer streamed in Chromium`
}
