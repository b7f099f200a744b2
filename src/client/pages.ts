import { isDeepStrictEqual } from 'node:util';
import { MalformedResponseError } from '../errors';
import type { Envelope } from '../jaccount/wire';
import { GivenOptions } from '../options';
import type { PageOptions, Query } from './request';

type PageFetch = (query: Query) => Promise<Envelope>;

const most = Number.MAX_SAFE_INTEGER;

/**
 * Goes through a list page by page, fetching the next when it is wanted.
 *
 * @throws TypeError for bad options; {@link MalformedResponseError} for a list without end.
 */
export function pagesOf(fetchPage: PageFetch, options: PageOptions): AsyncGenerator<unknown[], void> {
  const given = new GivenOptions('JaccountClient', options);
  const maxPages = given.number('maxPages', { default: 1000, least: 1, most });
  const limit = given.has('limit') && { limit: given.number('limit', { default: 1, least: 1, most }) };
  const fetchLimited: PageFetch = (place) => fetchPage({ ...limit, ...place });
  if (!given.has('start')) return bounded(pagesByToken(fetchLimited), maxPages);
  return bounded(pagesByStart(fetchLimited, given.number('start', { default: 0, least: 0, most })), maxPages);
}

async function* pagesByToken(fetchPage: PageFetch): AsyncGenerator<unknown[], void> {
  let pageToken: string | undefined;
  do {
    const { entities, nextToken }: Envelope = await fetchPage({ pageToken });
    if (nextToken !== undefined && nextToken === pageToken) throw repetition('nextToken');
    if (entities.length > 0) yield entities;
    pageToken = nextToken;
  } while (pageToken !== undefined);
}

// An empty page is the end. Neither a short one nor `total` is: jAccount may give fewer than asked, and counts 0.
async function* pagesByStart(fetchPage: PageFetch, first: number): AsyncGenerator<unknown[], void> {
  let start = first;
  let previous: unknown[] = [];
  for (;;) {
    const { entities } = await fetchPage({ start });
    if (entities.length === 0) return;
    if (isDeepStrictEqual(entities, previous)) throw repetition('start');
    yield entities;
    previous = entities;
    start += entities.length;
  }
}

async function* bounded(
  pages: AsyncGenerator<unknown[], void>,
  maxPages: number,
): AsyncGenerator<unknown[], void> {
  let count = 0;
  for await (const page of pages) {
    if (++count > maxPages)
      throw new MalformedResponseError(`the list has more than ${maxPages} pages (option maxPages)`, 200);
    yield page;
  }
}

function repetition(parameter: string): MalformedResponseError {
  return new MalformedResponseError(`the API repeats a page: it does not page by "${parameter}"`, 200);
}
