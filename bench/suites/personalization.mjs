export async function personalization() {}
