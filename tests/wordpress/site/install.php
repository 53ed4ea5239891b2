<?php
// Installs WordPress without a browser. Settings come from up.sh in the environment.
define('WP_INSTALLING', true);
$_SERVER += ['HTTP_HOST' => preg_replace('#^.*://#', '', getenv('WP_ORIGIN')), 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'SERVER_NAME' => 'localhost'];
require getenv('WP_ROOT') . '/www/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('Test site', 'admin', 'admin@site.example', true, '', 'admin-pass-1');
update_option('permalink_structure', '/%postname%/');
update_option('show_avatars', 0); // they would be fetched from outside
if (getenv('WP_MULTI')) {
	foreach ($wpdb->tables('ms_global') as $table => $prefixed) {
		$wpdb->$table = $prefixed;
	}
	install_network();
	$host = preg_replace('#^.*://#', '', getenv('WP_ORIGIN'));
	$done = populate_network(1, $host, 'admin@site.example', 'Test network', '/', false);
	if (is_wp_error($done) && 'no_wildcard_dns' !== $done->get_error_code()) {
		echo 'network: ', $done->get_error_message(), "\n";
	}
}
