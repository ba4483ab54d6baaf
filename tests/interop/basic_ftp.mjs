// What basic-ftp does, the FTP client of Node programs: a tree up and down, parts, lists, uploads.
//
// node basic_ftp.mjs PORT VERSION TIMES SOURCE BACK; VERSION is TLSv1.2, TLSv1.3 or "none".

import assert from "node:assert/strict"
import { readFile, stat, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Writable } from "node:stream"

const { Client } = createRequire(`${process.env.NODE_PATH}/`)("basic-ftp")
const [port, version, times, source, back] = process.argv.slice(2)
const secure = version !== "none"
const client = new Client(20_000)

try {
    await client.access({
        host: "127.0.0.1", port: Number(port), user: "alice", password: "netsuite", secure,
        secureOptions: { rejectUnauthorized: false, minVersion: version, maxVersion: version },
    })
    const features = await client.features()
    assert(features.has("MLST") && features.has("SIZE"))
    const top = `node-${version}`
    await client.ensureDir(top)
    await client.uploadFromDir(source)
    await client.downloadToDir(back)
    const listed = await client.list()
    assert.deepEqual(listed.map(each => each.name).sort(), ["big", "empty", "näme with ü", "sub"])
    const big = await readFile(`${source}/big`)
    assert.equal(await client.size("big"), big.length)
    assert(Math.abs((await client.lastMod("big")) - Date.now()) < 600_000)

    await writeFile(`${back}/part`, big.subarray(0, 1000))
    await client.downloadTo(`${back}/part`, "big", 1000)
    assert(big.equals(await readFile(`${back}/part`)))
    await client.uploadFrom(`${source}/big`, "joined", { localEndInclusive: 99_999 })
    await client.appendFrom(`${source}/big`, "joined", { localStart: 100_000 })
    assert.equal(await client.size("joined"), (await stat(`${source}/big`)).size)

    for (let number = 0; number < times; number++) {
        await client.uploadFrom(`${source}/big`, "again")
        assert.equal(await client.size("again"), big.length)
        await client.uploadFrom(`${source}/empty`, "again")
        assert.equal(await client.size("again"), 0)
    }
    await client.rename("again", "sub/moved")
    await client.remove("joined")
    const stopped = new Writable({ write: (octets, encoding, done) => done(new Error("stop")) })
    await assert.rejects(client.downloadTo(stopped, "big"))
    await client.access({
        host: "127.0.0.1", port: Number(port), user: "alice", password: "netsuite", secure,
        secureOptions: { rejectUnauthorized: false, minVersion: version, maxVersion: version },
    })
    await client.removeDir(top)
    await assert.rejects(client.size(`${top}/big`), { code: 550 })
} finally {
    client.close()
}
