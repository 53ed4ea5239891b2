<?php
// Test only: signs assertions. One JSON request per line on standard input, one token per line on standard output.
//   {"key":"a","header":{…},"claims":{…},"sign":"ed25519"|"hs256"|"none"}     {"jwks":["a","b"]}
function b64($bytes) {
	return sodium_bin2base64($bytes, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
}
function pair($name) {
	return sodium_crypto_sign_seed_keypair(hash('sha256', "membergate test key $name", true));
}
function json($value) {
	return json_encode((object) $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
}
while (false !== ($line = fgets(STDIN))) {
	$ask = json_decode($line, true);
	if (isset($ask['jwks'])) {
		$keys = array_map(function ($name) {
			return ['kty' => 'OKP', 'crv' => 'Ed25519', 'use' => 'sig', 'alg' => 'EdDSA', 'kid' => "key-$name", 'x' => b64(sodium_crypto_sign_publickey(pair($name)))];
		}, $ask['jwks']);
		echo json(['keys' => $keys]), "\n";
		continue;
	}
	$said = b64(json($ask['header'])) . '.' . b64(json($ask['claims']));
	switch ($ask['sign']) {
		case 'hs256': // with the public key as the shared secret: the classic confusion
			$signature = hash_hmac('sha256', $said, sodium_crypto_sign_publickey(pair($ask['key'])), true);
			break;
		case 'none':
			$signature = '';
			break;
		default:
			$signature = sodium_crypto_sign_detached($said, sodium_crypto_sign_secretkey(pair($ask['key'])));
	}
	echo $said, '.', b64($signature), "\n";
}
