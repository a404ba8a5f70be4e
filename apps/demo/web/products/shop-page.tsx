import './shop.css';
import { CartPanel } from '../cart/cart-panel.js';
import { products } from '../live/state.js';
import { ProductCard } from './product-card.js';
import { Shopkeeper } from './shopkeeper.js';

export function ShopPage() {
  return (
    <div class="shop">
      <section aria-labelledby="products-title">
        <h1 id="products-title">Products</h1>
        {products.value === undefined ? (
          <p aria-busy="true">Looking at the shelves.</p>
        ) : (
          <ul class="products">
            {products.value.map((product) => (
              <ProductCard key={product.sku} product={product} />
            ))}
          </ul>
        )}
        <Shopkeeper />
      </section>
      <CartPanel />
    </div>
  );
}
