<?php
// Test only: as much of WP-CLI as our command uses, for neither Debian nor a package registry has WP-CLI. The names, arguments and exit
// codes are those that WP-CLI documents. `php wp.php membergate link FILE --yes`, as www-data, with WP_ROOT, WP_HOST and WP_PATH.
namespace WP_CLI\Utils {
	function format_items($format, $items, $fields) {
		if ('json' === $format) {
			echo json_encode(array_map(function ($item) use ($fields) {
				return array_intersect_key($item, array_flip($fields));
			}, $items)), "\n";
			return;
		}
		$out = fopen('php://output', 'w');
		fputcsv($out, $fields, 'csv' === $format ? ',' : "\t", '"', '');
		foreach ($items as $item) {
			fputcsv($out, array_map(function ($field) use ($item) {
				return $item[$field];
			}, $fields), 'csv' === $format ? ',' : "\t", '"', '');
		}
	}
}
namespace {
	define('WP_CLI', true);
	class WP_CLI {
		public static $commands = [];
		public static function add_command($name, $class) {
			self::$commands[$name] = $class;
		}
		public static function line($text = '') {
			echo $text, "\n";
		}
		public static function error($text) {
			fwrite(STDERR, "Error: $text\n");
			exit(1);
		}
		public static function halt($code) {
			exit($code);
		}
	}
	$_SERVER['HTTP_HOST']   = getenv('WP_HOST');
	$_SERVER['REQUEST_URI'] = getenv('WP_PATH') ?: '/';
	$_SERVER               += ['SERVER_PROTOCOL' => 'HTTP/1.1', 'SERVER_NAME' => 'localhost'];
	require getenv('WP_ROOT') . '/www/wp-load.php';
	$words   = array_slice($argv, 3);
	$options = [];
	foreach ($words as $at => $word) {
		if (preg_match('/^--([a-z-]+)(?:=(.*))?$/s', $word, $found)) {
			$options[$found[1]] = $found[2] ?? true;
			unset($words[$at]);
		}
	}
	call_user_func([new WP_CLI::$commands[$argv[1]], $argv[2]], array_values($words), $options);
}
