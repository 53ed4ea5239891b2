<?php
// Is the plugin written in PHP 7.4? Prints every construct that 7.4 does not know, file by file, and `N passed, M failed`.
// Reads tokens, so words in comments and texts do not count. Run by PHP 8, whose parser accepts all of them.
$passed = $failed = 0;
$names  = ['T_MATCH' => 'match', 'T_NULLSAFE_OBJECT_OPERATOR' => '?->', 'T_ATTRIBUTE' => '#[', 'T_ENUM' => 'enum', 'T_READONLY' => 'readonly'];
$calls  = ['str_contains', 'str_starts_with', 'str_ends_with', 'array_is_list', 'get_debug_type', 'fdiv', 'array_find', 'array_any', 'array_all', 'json_validate', 'mb_trim'];
$files  = new RecursiveIteratorIterator(new RecursiveDirectoryIterator(__DIR__ . '/../../deploy/wordpress', FilesystemIterator::SKIP_DOTS));
foreach ($files as $file) {
	if ('php' !== $file->getExtension()) {
		continue;
	}
	$problems = [];
	exec('php -l ' . escapeshellarg($file) . ' 2>&1', $said, $code);
	if ($code) {
		$problems[] = 'does not parse';
	}
	$code = '';
	foreach (token_get_all(file_get_contents($file)) as $token) {
		if (!is_array($token)) {
			$code .= $token;
			continue;
		}
		[$kind, $text, $line] = $token;
		if (isset($names[token_name($kind)])) {
			$problems[] = "line $line: " . $names[token_name($kind)];
		}
		if (T_STRING === $kind && in_array(strtolower($text), $calls, true)) {
			$problems[] = "line $line: $text()";
		}
		$code .= in_array($kind, [T_COMMENT, T_DOC_COMMENT], true) ? ' ' : (T_CONSTANT_ENCAPSED_STRING === $kind ? "''" : $text);
	}
	$shapes = [
		'a named argument'                 => '/[(,]\s*[a-z_]\w*\s*:(?!:)\s/i',
		'a union type'                     => '/(function\b[^{;]*[(,]\s*\??[\w\\\\]+\s*\|\s*[\w\\\\]+\s*&?\$)|(\)\s*:\s*\??[\w\\\\]+\s*\|)/',
		'a comma after the last parameter' => '/function\b\s*\w*\s*\([^()]*,\s*\)/',
		'a promoted parameter'             => '/function\s+__construct\s*\([^)]*\b(public|private|protected)\b/',
		'catch without a variable'         => '/catch\s*\(\s*[\w\\\\|\s]+\)/',
		'a throw inside an expression'     => '/(\?\?|\?|:|=>)\s*throw\b/',
		'static or mixed as a result'      => '/\)\s*:\s*\??(static|mixed|never)\b/',
		'mixed as a parameter'             => '/[(,]\s*mixed\s+\$/',
		'a function reference with dots'   => '/\(\s*\.\.\.\s*\)/',
	];
	foreach ($shapes as $what => $shape) {
		if (preg_match($shape, $code, $found)) {
			$problems[] = "$what: " . trim($found[0]);
		}
	}
	if ($problems) {
		++$failed;
		echo 'FAILED  ', $file, ': ', implode('; ', $problems), "\n";
	} else {
		++$passed;
	}
}
echo "$passed passed, $failed failed\n";
exit($failed ? 1 : 0);
