const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
const $ = (id) => document.getElementById(id);

/** The answer's body; an error's reason appears on the page. */
async function api(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.message ?? response.statusText), { status: response.status });
  return answer;
}

async function act(work) {
  $('message').textContent = '';
  try {
    await work();
  } catch (error) {
    $('message').textContent = error.message;
  }
  await refresh();
}

function item(text, ...buttons) {
  const line = document.createElement('li');
  const label = document.createElement('span');
  label.textContent = text;
  line.append(label, ...buttons);
  return line;
}

function button(label, work) {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = label;
  element.addEventListener('click', () => act(work));
  return element;
}

function showProducts({ products }) {
  $('products').replaceChildren(
    ...products.map(({ sku, name, price, stock }) =>
      item(
        `${name}, ${money.format(price / 100)} (${stock} in stock)`,
        button('Add', () => api('POST', '/api/cart/lines', { sku, quantity: 1 })),
      ),
    ),
  );
}

function showCart({ lines, total }) {
  $('cart').replaceChildren(
    ...lines.map(({ sku, quantity, subtotal }) =>
      item(
        `${quantity} × ${sku}${subtotal === null ? '' : `, ${money.format(subtotal / 100)}`}`,
        button('Remove one', () => api('DELETE', `/api/cart/lines/${encodeURIComponent(sku)}?quantity=1`)),
      ),
    ),
  );
  $('total').textContent = total === null ? 'a price is missing' : money.format(total / 100);
}

function showDevices({ sessions }) {
  $('devices').replaceChildren(
    ...sessions.map(({ handle, userAgent, current }) =>
      item(
        `${userAgent ?? 'unknown device'}${current ? ' (this one)' : ''}`,
        button('End', () => api('DELETE', `/api/sessions/${handle}`)),
      ),
    ),
  );
}

async function refresh() {
  const [products, cart, counter, sessions] = await Promise.allSettled(
    ['/api/products', '/api/cart', '/api/counter', '/api/sessions'].map((path) => api('GET', path)),
  );
  if (products.value) showProducts(products.value);
  if (cart.value) showCart(cart.value);
  if (counter.value) $('counter').textContent = counter.value.value;
  const loggedIn = sessions.status === 'fulfilled';
  showDevices(sessions.value ?? { sessions: [] });
  $('login').hidden = loggedIn;
  $('logout').hidden = !loggedIn;
  const fault = [products, cart, counter].find(({ status }) => status === 'rejected');
  if (fault && !$('message').textContent) $('message').textContent = fault.reason.message;
}

async function showServer() {
  const { server, mode, libraries } = await api('GET', '/health');
  const names = libraries.map(({ name, version }) => `${name} ${version ?? ''}`.trim()).join(', ');
  $('server').textContent = `${server.kind} ${server.version}, ${mode}: ${names}`;
}

$('clear').addEventListener('click', () => act(() => api('DELETE', '/api/cart')));
$('increment').addEventListener('click', () => act(() => api('POST', '/api/counter')));
$('logout').addEventListener('click', () => act(() => api('POST', '/api/logout')));
$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const user = new FormData(event.target).get('user');
  void act(() => api('POST', '/api/login', { user }));
});

showServer().catch((error) => {
  $('server').textContent = error.message;
});
void refresh();
