/** Logs in, and says what a browser would send from then on. */
export async function cookieOf(port: number): Promise<{ readonly Cookie: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/login`);
  const [cookie] = response.headers.getSetCookie();
  if (cookie === undefined) throw new Error(`The login was answered with ${response.status} and no cookie.`);
  return { Cookie: String(cookie.split(';')[0]) };
}
