// Requires every entry that is named, and imports it: the same module, with exports.
const names = process.argv.slice(2)

async function check() {
  for (const name of names) {
    const required = require(name)
    if (Object.keys(required).length === 0) throw new Error(`${name} exports nothing`)
    if (required !== (await import(name))) throw new Error(`${name} exists twice`)
  }
}

check()
