# The shop with four processes, on the cluster that REDIS_CLUSTER names.
FROM node:22-slim AS build
WORKDIR /shop
COPY . .
RUN npm ci --no-audit --no-fund && npx nx run @redis-functions/demo:build && npm prune --omit=dev --no-audit --no-fund

FROM node:22-slim
WORKDIR /shop
COPY --from=build /shop .
USER node
ENV NODE_ENV=production SHOP_DATA=/tmp/shop HOST=0.0.0.0
EXPOSE 3000
CMD ["node", "--enable-source-maps", "apps/demo/dist/cluster/supervisor.js"]
