// Plays a story: the server under test, somebody's real servers around it, and an end that leaves nothing behind.
//
// One rule: each scene is asserted; the first that does not hold ends the run with its name, its reason and exit 1.

import { startFolkmoot } from './folkmoot.mjs';

/**
 * Plays `story({ folkmoot, invite })`. What is handed to `invite` has a `stop()`, which is called in the end.
 *
 * - `settings`: of the server under test, as variables without their `FOLKMOOT__`.
 */
export async function play(story, { moral, settings = {} }) {
  const folkmoot = await startFolkmoot(settings);
  const guests = [];
  let failed;
  try {
    await story({
      folkmoot,
      invite(guest) {
        guests.push(guest);
        return guest;
      },
    });
  } catch (error) {
    failed = error;
  } finally {
    for (const guest of guests) guest.stop();
    await folkmoot.stop();
  }
  if (failed) {
    console.error(`The server's log:\n${folkmoot.log()}\n`, failed);
    process.exit(1);
  }
  console.log(moral);
  process.exit(0);
}

/** Something that held. */
export const step = (text) => console.log(`ok  ${text}`);

/** A part of a story under a name, which is that of its failure, too. */
export async function scene(text, happens) {
  try {
    const end = await happens();
    step(text);
    return end;
  } catch (error) {
    throw new Error(`This does not hold: ${text}`, { cause: error });
  }
}
