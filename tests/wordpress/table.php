<?php
// The verification alone, without WordPress: the edges of time and size, to the second and the byte. Prints one line per
// failure and `N passed, M failed`.
define('ABSPATH', '/');
class WP_Error {
	public $code;
	public function __construct($code) {
		$this->code = $code;
	}
}
require __DIR__ . '/../../deploy/wordpress/membergate/includes/assertion.php';
require __DIR__ . '/../../deploy/wordpress/membergate/includes/statement.php';

const NOW = 1800000000;
$pair = sodium_crypto_sign_keypair();
$passed = $failed = 0;

function b64($bytes) {
	return sodium_bin2base64($bytes, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
}
function token(array $claims, array $header = []) {
	global $pair;
	$claims += ['iss' => 'https://www.association.example', 'aud' => 'www', 'sub' => 'a', 'name' => 'Ann', 'roles' => [], 'managed_roles' => [], 'iat' => NOW, 'exp' => NOW + 60, 'jti' => '12345678'];
	$said = b64(json_encode($header + ['alg' => 'EdDSA', 'kid' => 'k'])) . '.' . b64(json_encode($claims));
	return $said . '.' . b64(sodium_crypto_sign_detached($said, sodium_crypto_sign_secretkey($pair)));
}
function statement(array $claims, array $header = []) {
	return token($claims + ['version' => 1, 'state' => 'present', 'create' => false], $header + ['typ' => 'membergate-person+jwt']);
}
function verdict($token, $issuer = 'https://www.association.example', $verify = 'Membergate\verify_assertion') {
	global $pair;
	$key = function ($kid) use ($pair) {
		return 'k' === $kid ? sodium_crypto_sign_publickey($pair) : new WP_Error('unknown_key');
	};
	$got = $verify($token, $issuer, 'www', $key, NOW);
	return $got instanceof WP_Error ? $got->code : 'accepted';
}
function refused($what, $token, $verify = 'Membergate\verify_assertion') {
	global $passed, $failed;
	if ('accepted' !== verdict($token, 'https://www.association.example', $verify)) {
		++$passed;
		return;
	}
	++$failed;
	echo "FAILED  accepted $what\n";
}
function check($sentence, $expected, $token, $issuer = 'https://www.association.example', $verify = 'Membergate\verify_assertion') {
	global $passed, $failed;
	$got = verdict($token, $issuer, $verify);
	if ($got === $expected) {
		++$passed;
		return;
	}
	++$failed;
	echo "FAILED  $sentence: $got instead of $expected\n";
}

check('a plain one', 'accepted', token([]));
check('life of exactly 60 seconds', 'accepted', token(['iat' => NOW - 10, 'exp' => NOW + 50]));
check('life of 61 seconds', 'lifetime', token(['iat' => NOW - 10, 'exp' => NOW + 51]));
check('ended 4 seconds ago', 'accepted', token(['iat' => NOW - 60, 'exp' => NOW - 4]));
check('ended 5 seconds ago', 'expired', token(['iat' => NOW - 60, 'exp' => NOW - 5]));
check('made 5 seconds from now', 'accepted', token(['iat' => NOW + 5]));
check('made 6 seconds from now', 'not_yet_valid', token(['iat' => NOW + 6]));
check('a fraction of a second', 'lifetime', token(['iat' => NOW + 0.5]));
check('a number that no integer holds', 'lifetime', token(['exp' => 1e30]));
check('a name of 1024 bytes', 'accepted', token(['name' => str_repeat('x', 1024)]));
check('a name of 1025 bytes', 'claims', token(['name' => str_repeat('x', 1025)]));
check('3000 roles', 'accepted', token(['roles' => array_map('strval', range(1, 3000))]));
check('over 32 KB', 'too_long', token(['more' => str_repeat('x', 25000)]));
check('a digest in place of the list', 'accepted', token(['managed_roles' => null, 'managed_roles_digest' => str_repeat('A', 43)]));
check('both', 'claims', token(['managed_roles_digest' => str_repeat('A', 43)]));
check('a digest that is a path', 'claims', token(['managed_roles' => null, 'managed_roles_digest' => '../' . str_repeat('A', 40)]));
check('a digest that is too short', 'claims', token(['managed_roles' => null, 'managed_roles_digest' => str_repeat('A', 42)]));
check('a digest with a line break', 'claims', token(['managed_roles' => null, 'managed_roles_digest' => str_repeat('A', 43) . "\n"]));
check('a digest that is a list', 'claims', token(['managed_roles' => null, 'managed_roles_digest' => ['A']]));
check('a given name that is a number', 'accepted', token(['given_name' => 7]));
check('a code that is a list', 'claims', token(['membership_code' => ['A']]));
check('a role of 64 letters', 'accepted', token(['roles' => [str_repeat('r', 64)]]));
check('a role of 65 letters', 'claims', token(['roles' => [str_repeat('r', 65)]]));
check('a role with a line break at its end', 'claims', token(['roles' => ["member\n"]]));
check('roles as an object', 'claims', token(['roles' => [['a' => 'b']]]));
check('a person with a line break', 'claims', token(['sub' => "a\n"]));
check('an id of its own of 7 letters', 'claims', token(['jti' => '1234567']));
check('an expiry with a line break', 'claims', token(['membership_expires' => "2027-01-01\n"]));
check('a kid of 129 letters', 'unknown_key', token([], ['kid' => str_repeat('k', 129)]));
check('a kid that is a list', 'unknown_key', token([], ['kid' => ['k']]));
check('alg as a list', 'algorithm', token([], ['alg' => ['EdDSA']]));
check('no issuer set on our side', 'not_configured', token([]), '');
check('deep nesting', 'malformed', token(['deep' => [[[[[1]]]]]]));
check('a JSON list as claims', 'malformed', preg_replace('/\.[^.]+\./', '.' . b64('[]') . '.', token([])));
check('nothing', 'malformed', '');
check('dots', 'malformed', '..');

function told($sentence, $expected, $token, $issuer = 'https://www.association.example') {
	check("statement: $sentence", $expected, $token, $issuer, 'Membergate\verify_statement');
}
told('a plain one', 'accepted', statement([]));
told('an assertion', 'algorithm', token([]));
told('an assertion that says its kind', 'algorithm', token(['version' => 1, 'state' => 'present', 'create' => false], ['typ' => 'JWT']));
told('a kind in capitals', 'algorithm', statement([], ['typ' => 'membergate-person+JWT']));
told('a kind that is a list', 'algorithm', statement([], ['typ' => ['membergate-person+jwt']]));
told('another algorithm', 'algorithm', statement([], ['alg' => 'RS256']));
told('another key', 'unknown_key', statement([], ['kid' => 'other']));
told('life of exactly 60 seconds', 'accepted', statement(['iat' => NOW - 10, 'exp' => NOW + 50]));
told('life of 61 seconds', 'lifetime', statement(['iat' => NOW - 10, 'exp' => NOW + 51]));
told('ended 4 seconds ago', 'accepted', statement(['iat' => NOW - 60, 'exp' => NOW - 4]));
told('ended 5 seconds ago', 'expired', statement(['iat' => NOW - 60, 'exp' => NOW - 5]));
told('made 6 seconds from now', 'not_yet_valid', statement(['iat' => NOW + 6]));
told('for another site', 'audience', statement(['aud' => 'shop']));
told('for several sites', 'audience', statement(['aud' => ['www', 'shop']]));
told('from another gateway', 'issuer', statement(['iss' => 'https://evil.example']));
told('no issuer set on our side', 'not_configured', statement([]), '');
told('over 32 KB', 'too_long', statement(['more' => str_repeat('x', 25000)]));
told('the greatest number', 'accepted', statement(['version' => 2 ** 53 - 1]));
told('a greater one', 'claims', statement(['version' => 2 ** 53]));
told('the number zero', 'claims', statement(['version' => 0]));
told('a number below zero', 'claims', statement(['version' => -1]));
told('a number as text', 'claims', statement(['version' => '1']));
told('a number with a fraction', 'claims', statement(['version' => 1.5]));
told('no number', 'claims', statement(['version' => null]));
told('yes as a number', 'claims', statement(['version' => true]));
told('another state', 'claims', statement(['state' => 'absent']));
told('no state', 'claims', statement(['state' => null]));
told('a state that is a list', 'claims', statement(['state' => ['present']]));
told('create as text', 'claims', statement(['create' => 'true']));
told('without create', 'accepted', statement(['create' => null]));
told('removed', 'accepted', statement(['state' => 'removed', 'name' => null]));
told('removed, with a role', 'claims', statement(['state' => 'removed', 'roles' => ['member']]));
told('removed, without a list of managed roles', 'claims', statement(['state' => 'removed', 'managed_roles' => null]));
told('without a person', 'claims', statement(['sub' => null]));
told('a digest in place of the list', 'accepted', statement(['managed_roles' => null, 'managed_roles_digest' => str_repeat('A', 43)]));
check('a statement in place of an assertion', 'algorithm', statement([]));
$good = statement([]);
for ($bit = 0; $bit < 8 * strlen($good); $bit++) {
	$bent = $good;
	$bent[intdiv($bit, 8)] = chr(ord($bent[intdiv($bit, 8)]) ^ (1 << ($bit % 8)));
	refused("a statement with bit $bit changed", $bent, 'Membergate\verify_statement');
}
$good = token([]);
for ($cut = 0; $cut < strlen($good); $cut++) {
	refused("cut to $cut bytes", substr($good, 0, $cut));
}
for ($bit = 0; $bit < 8 * strlen($good); $bit++) {
	$bent = $good;
	$bent[intdiv($bit, 8)] = chr(ord($bent[intdiv($bit, 8)]) ^ (1 << ($bit % 8)));
	refused("with bit $bit changed", $bent);
}
echo "$passed passed, $failed failed\n";
exit($failed ? 1 : 0);
