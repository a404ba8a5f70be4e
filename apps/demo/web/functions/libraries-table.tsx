import type { LibraryOnPrimary, LibraryView } from '../../src/functions/view.js';

const STATES: Readonly<Record<LibraryOnPrimary['state'], string>> = {
  same: 'as here',
  newer: 'newer than here',
  older: 'older than here',
  other: 'other code',
  missing: 'missing',
};

/** Every library of this release, and what each primary has of it. */
export function LibrariesTable(props: {
  readonly libraries: readonly LibraryView[];
  readonly primaries: readonly string[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section class="panel scroll" tabIndex={0} aria-labelledby="libraries-title">
      <h2 id="libraries-title">Libraries</h2>
      <table data-testid="libraries">
        <thead>
          <tr>
            <th scope="col">Library</th>
            <th scope="col">Here</th>
            {props.primaries.map((primary) => (
              <th scope="col" key={primary}>
                {primary}
              </th>
            ))}
            <th scope="col">Functions</th>
          </tr>
        </thead>
        <tbody>
          {props.libraries.map((library) => (
            <LibraryRow key={library.name} library={library} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function LibraryRow({ library: { name, version, on, functions } }: { readonly library: LibraryView }) {
  return (
    <tr data-library={name}>
      <th scope="row">{name}</th>
      <td>{version}</td>
      {on.map((each) => (
        <td key={each.primary} class={`state ${each.state}`} data-state={each.state}>
          {each.version} <span>{STATES[each.state]}</span>
        </td>
      ))}
      <td class="quiet">{functions.length}</td>
    </tr>
  );
}
